// A 64-bit key or hash as it is written for others to read: 16 hexadecimal digits, in lower case (doc/KEYS.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wp {

inline constexpr std::size_t kHashDigits = 16;

[[nodiscard]] inline std::string hash_text(std::uint64_t hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(kHashDigits, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, hash >>= 4U) *digit = kDigits[hash & 15U];
  return text;
}

// Nothing when it is not written so, or is 0, which no key is.
[[nodiscard]] inline std::optional<std::uint64_t> read_hash_text(std::string_view text) {
  if (text.size() != kHashDigits) return {};
  std::uint64_t hash = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return {};
    hash = hash << 4U | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  if (hash == 0) return {};
  return hash;
}

}  // namespace wp
