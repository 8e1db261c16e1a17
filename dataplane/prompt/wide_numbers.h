// Numbers that JSON allows, that the engines' parsers take, and that do not fit 64 bits: a tool's schema with
// "maximum": 340282366920938463463374607431768211455, or 1e400. simdjson refuses a whole document for one of them, so a
// copy of the body gets the nearest spelling that fits and is read instead.
#pragma once

#include <cstdint>
#include <span>

namespace wp::prompt {

// Rewrites in place, each in its own bytes, every well-formed number that begins at one of `starts` (offsets into
// `body`, other characters than digits and '-' are passed over) and is out of range: an integer of n digits becomes its
// first 17 digits and e(n-17), what would be infinite becomes 1e308. Numbers beyond 64 bits are thus equal in the
// canonical stream when their first 17 digits and their magnitude are. Returns whether it changed anything.
[[nodiscard]] bool narrow_wide_numbers(std::span<char> body, std::span<const std::uint32_t> starts);

}  // namespace wp::prompt
