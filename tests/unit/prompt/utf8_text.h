// UTF-8 as RFC 3629 section 4 spells it, a character at a time: what the vectors are held to.
#pragma once

#include <cstddef>
#include <string_view>

namespace wp::prompt::testing {

// The length of the character that the text begins with; 0: it begins with none.
inline std::size_t utf8_length(std::string_view text) {
  const auto in = [&](std::size_t place, unsigned from, unsigned to) {
    if (place >= text.size()) return false;
    const unsigned byte = static_cast<unsigned char>(text[place]);
    return byte >= from && byte <= to;
  };
  const auto tails = [&](std::size_t from, std::size_t to) {
    for (; from < to; ++from) {
      if (!in(from, 0x80, 0xBF)) return false;
    }
    return true;
  };
  if (in(0, 0, 0x7F)) return 1;
  if (in(0, 0xC2, 0xDF)) return tails(1, 2) ? 2 : 0;
  const bool three = in(0, 0xE0, 0xE0)   ? in(1, 0xA0, 0xBF)
                     : in(0, 0xED, 0xED) ? in(1, 0x80, 0x9F)
                                         : in(0, 0xE1, 0xEF) && in(1, 0x80, 0xBF);
  if (three) return tails(2, 3) ? 3 : 0;
  const bool four = in(0, 0xF0, 0xF0)   ? in(1, 0x90, 0xBF)
                    : in(0, 0xF4, 0xF4) ? in(1, 0x80, 0x8F)
                                        : in(0, 0xF1, 0xF3) && in(1, 0x80, 0xBF);
  return four && tails(2, 4) ? 4 : 0;
}

inline bool is_utf8_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace wp::prompt::testing
