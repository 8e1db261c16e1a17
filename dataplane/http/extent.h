// How much of a line is there. The beginning of a line is judged from left to right as the whole would be, so that what
// no continuation can mend is refused at once, and the verdict does not depend on where the network cut the bytes.
#pragma once

#include <cstdint>

namespace wp::http {

enum class Extent : std::uint8_t { beginning, whole };

}  // namespace wp::http
