// 32 or 64 bytes of a text at a time: where it ends, has an escape or a byte that may not be there.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace wp::prompt {

// Of each word, bit i stands for byte i. kBytes must be readable.
class TextHalf {
 public:
  static constexpr std::uint32_t kBytes = 32;

  std::uint32_t special = 0;  // a quote, a backslash, a control character
  std::uint32_t high = 0;     // not ASCII

  explicit TextHalf(const char* at) {
#if defined(__AVX2__)
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    const __m256i backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
    const __m256i any = _mm256_or_si256(_mm256_or_si256(quote, backslash), control);
    special = static_cast<std::uint32_t>(_mm256_movemask_epi8(any));
    high = static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
#else
    for (unsigned i = 0; i < kBytes; i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at + i, sizeof word);
      special |= static_cast<std::uint32_t>(gather(equal(word, '"') | equal(word, '\\') | below_space(word))) << i;
      high |= static_cast<std::uint32_t>(gather(word & kHigh)) << i;
    }
#endif
  }

 private:
  // Eight bytes in a word; each of these marks a byte by its highest bit.
  static constexpr std::uint64_t kOnes = 0x0101010101010101;
  static constexpr std::uint64_t kHigh = 0x8080808080808080;

  static constexpr std::uint64_t zero(std::uint64_t word) { return ~(((word & ~kHigh) + ~kHigh) | word | ~kHigh); }
  static constexpr std::uint64_t equal(std::uint64_t word, char c) {
    return zero(word ^ (kOnes * static_cast<unsigned char>(c)));
  }
  static constexpr std::uint64_t below_space(std::uint64_t word) { return zero(word & (kOnes * 0xE0)); }
  // The marks as eight bits.
  static constexpr std::uint64_t gather(std::uint64_t marks) { return ((marks >> 7U) * 0x0102040810204080) >> 56U; }
};

struct TextBlock {
  static constexpr std::uint32_t kBytes = 2 * TextHalf::kBytes;

  std::uint64_t special;
  std::uint64_t high;

  explicit TextBlock(const char* at) {
    const TextHalf first(at);
    const TextHalf second(at + TextHalf::kBytes);
    special = first.special | std::uint64_t{second.special} << TextHalf::kBytes;
    high = first.high | std::uint64_t{second.high} << TextHalf::kBytes;
  }

  // The last character may go on behind it.
  [[nodiscard]] bool cuts_character() const { return high >> (kBytes - 3) != 0; }
};

// The bits up to the lowest one, that included; all when there is none.
constexpr std::uint64_t up_to_lowest(std::uint64_t bits) {
  return bits ^ (bits - 1);
}

}  // namespace wp::prompt
