// Numbers of JSON by value.
#pragma once

#include "dataplane/prompt/tape.h"

namespace wp::prompt {

// A longer one is refused, as engines do: Python's reader takes 4,300 digits of an integer.
inline constexpr std::size_t kLongestNumber = 4096;

// Reads the number (RFC 8259 section 6) that begins at `at` into `node`. An integer that fits neither int64 nor uint64
// is the nearest double; what would be infinite is 1e308, what is too small 0. Returns what stands behind it; nullptr
// when it is malformed, too long, or reaches `end`: no number ends a body, which is an object.
[[nodiscard]] const char* read_number(const char* at, const char* end, Node& node);

}  // namespace wp::prompt
