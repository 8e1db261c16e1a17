// What one byte did to a piece of framing.
#pragma once

#include <cstdint>

namespace wp::http {

enum class Verdict : std::uint8_t { more, complete, refused };

}  // namespace wp::http
