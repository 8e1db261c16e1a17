// The byte classes of HTTP/1.1 (RFC 9110 section 5.6, RFC 9112 section 3.2) and the one scan that every field value
// goes through. Tables, because each byte of a head passes here once.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace wp::http::syntax {

inline constexpr std::uint8_t kTokenByte = 1;   // tchar
inline constexpr std::uint8_t kTargetByte = 2;  // visible ASCII but '#'
// unreserved and sub-delims without the comma, which splits a Host in two for those who read it as a list. No percent
// escapes: no resolver takes them, and a peer that decodes one may find a delimiter.
inline constexpr std::uint8_t kRegNameByte = 4;

[[nodiscard]] constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> table{};
  const auto mark = [&table](std::string_view bytes, std::uint8_t bit) {
    for (const char c : bytes) table[static_cast<std::uint8_t>(c)] |= bit;
  };
  constexpr std::string_view kAlphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  mark(kAlphanumeric, kTokenByte | kRegNameByte);
  mark("!#$%&'*+-.^_`|~", kTokenByte);
  mark("-._~!$&'()*+;=", kRegNameByte);
  for (unsigned c = 0x21; c < 0x7f; ++c) {
    if (c != '#') table[c] |= kTargetByte;
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

[[nodiscard]] constexpr char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// A token byte in lower case; 0 for every byte that no token holds.
[[nodiscard]] constexpr std::array<char, 256> make_folded() {
  std::array<char, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    if ((kClasses[c] & kTokenByte) != 0) table[c] = lower_case(static_cast<char>(c));
  }
  return table;
}
inline constexpr std::array<char, 256> kFolded = make_folded();

[[nodiscard]] constexpr bool has_class(char c, std::uint8_t bit) {
  return (kClasses[static_cast<std::uint8_t>(c)] & bit) != 0;
}
[[nodiscard]] constexpr bool is_token_byte(char c) {
  return has_class(c, kTokenByte);
}
[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}  // OWS
[[nodiscard]] constexpr bool is_control(char c) {
  const auto byte = static_cast<std::uint8_t>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

// The digit's value; 16 when it is none.
[[nodiscard]] constexpr std::uint32_t hex_digit(char c) {
  if (is_digit(c)) return static_cast<std::uint32_t>(c - '0');
  const char folded = lower_case(c);
  return folded >= 'a' && folded <= 'f' ? static_cast<std::uint32_t>(folded - 'a' + 10) : 16;
}

// ASCII case-insensitive; `lower` is in lower case.
[[nodiscard]] constexpr bool equals_folded(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower_case(text[i]) != lower[i]) return false;
  }
  return true;
}

// Where in [from, to) of `text` the first control byte other than HTAB is; `to` when there is none. Field values may
// hold everything else, obs-text among it (RFC 9110 section 5.5). Reads no byte outside [0, to).
[[nodiscard]] inline std::uint32_t find_control(const char* text, std::uint32_t from, std::uint32_t to) {
#if defined(__SSE2__)
  const auto controls_at = [text](std::uint32_t offset) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + offset));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del)));
  };
  for (; to - from >= 16; from += 16) {
    if (const std::uint32_t hits = controls_at(from); hits != 0) {
      return from + static_cast<std::uint32_t>(std::countr_zero(hits));
    }
  }
  if (from == to) return to;
  if (to >= 16) {  // the tail, by a load that ends at `to` and begins before `from`
    const std::uint32_t hits = controls_at(to - 16) >> (16 - (to - from));
    return hits == 0 ? to : from + static_cast<std::uint32_t>(std::countr_zero(hits));
  }
#endif
  while (from < to && !is_control(text[from])) ++from;
  return from;
}

// Folds the letters, digits and dashes at text[at...] into `lower`, 16 at a time, and returns how many there are, 32 at
// most; what is behind them in `lower` is of no meaning. Almost every field name is one such run. Looks no further than
// `size`; 0 when that is too near.
[[nodiscard]] inline std::uint32_t fold_plain_name(const char* text, std::uint32_t at, std::uint32_t size,
                                                   std::array<char, 32>& lower) {
  std::uint32_t length = 0;
#if defined(__SSE2__)
  // Signed comparisons: bytes from 0x80 up are below every bound.
  const auto within = [](__m128i bytes, char first, char last) {
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(static_cast<char>(first - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8(static_cast<char>(last + 1))));
  };
  for (; length < lower.size() && size - at >= length + 16; length += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at + length));
    const __m128i capital = within(bytes, 'A', 'Z');
    const __m128i folded = _mm_or_si128(bytes, _mm_and_si128(capital, _mm_set1_epi8(0x20)));
    const __m128i plain = _mm_or_si128(_mm_or_si128(within(folded, 'a', 'z'), within(folded, '0', '9')),
                                       _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(lower.data() + length), folded);
    const auto others = static_cast<std::uint32_t>(_mm_movemask_epi8(plain)) ^ 0xffffU;
    if (others != 0) return length + static_cast<std::uint32_t>(std::countr_zero(others));
  }
#else
  static_cast<void>(text), static_cast<void>(at), static_cast<void>(size), static_cast<void>(lower);
#endif
  return length;
}

}  // namespace wp::http::syntax
