// Whether 64 bytes of a text are UTF-8 (RFC 3629), whatever they begin or end in the middle of: what is before them is
// looked at where it lies, so that a text may be read in any steps and nothing is carried between them.
#pragma once

#include <cstdint>

namespace wp::prompt {

// Bit i: byte i cannot follow the three bytes before it, whatever comes behind it. So a text is UTF-8 when no bit is
// set up to the first ASCII byte behind it, that one included: it is at fault where a character is cut short. `at`:
// three bytes before it and 64 from it on must be readable.
[[nodiscard]] std::uint64_t utf8_faults(const char* at);

// None of `which` is at fault, in a body that begins at `body`, before which is ASCII.
[[nodiscard]] bool is_utf8(const char* body, const char* at, std::uint64_t which);

}  // namespace wp::prompt
