// The escapes of JSON texts (RFC 8259 section 7).
#pragma once

#include <array>
#include <cstdint>

namespace wp::prompt {

// What stands for a character of its own behind a backslash; 0: something else.
inline constexpr std::array<char, 256> kSimpleEscapes = [] {
  std::array<char, 256> table{};
  table['"'] = '"';
  table['\\'] = '\\';
  table['/'] = '/';
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}();

// One escape of four hexadecimal digits, or two of them, unescaped to UTF-8.
struct Escape {
  std::uint32_t taken = 0;  // bytes of the body; 0: malformed, or half of a surrogate pair
  std::uint32_t size = 0;
  std::array<char, 4> text{};
};

inline constexpr std::uint32_t kLongestEscape = 12;  // a surrogate pair

// `at`: the backslash; kLongestEscape bytes from there must be readable.
[[nodiscard]] Escape read_escape(const char* at);

}  // namespace wp::prompt
