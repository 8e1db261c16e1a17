// 64 bytes of a text at a time: where it ends, has an escape or a byte that may not be there.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace wp::prompt {

// Of each, bit i stands for byte i.
struct TextBlock {
  static constexpr std::uint32_t kBytes = 64;

  std::uint64_t special = 0;  // a quote, a backslash, a control character
  std::uint64_t high = 0;     // not ASCII

  // kBytes must be readable.
  explicit TextBlock(const char* at) {
#if defined(__AVX2__)
    const auto half = [this](const char* from, unsigned shift) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
      const __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
      const __m256i backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
      const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
      const __m256i any = _mm256_or_si256(_mm256_or_si256(quote, backslash), control);
      special |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(any))} << shift;
      high |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes))} << shift;
    };
    half(at, 0);
    half(at + 32, 32);
#else
    for (unsigned i = 0; i < kBytes; i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at + i, sizeof word);
      special |= (gather(equal(word, '"')) | gather(equal(word, '\\')) | gather(below_space(word))) << i;
      high |= gather(word & kHigh) << i;
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

}  // namespace wp::prompt
