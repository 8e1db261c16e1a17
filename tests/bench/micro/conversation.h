// Chat completions of an exact size, with turns and escapes as people's and models' texts have them.
#pragma once

#include <cstdint>
#include <string>

namespace wp::bench {

// A JSON text of `size` bytes, at least 512: a system prompt, tools, then turns, the last one cut to fit. The same text
// for the same size.
[[nodiscard]] std::string conversation(std::uint32_t size);

}  // namespace wp::bench
