// After Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte" (2021): three table look-ups by
// half a byte each name what may be wrong with two neighbours, and what all three name is. Third and fourth bytes of a
// character are told by the bytes two and three before them.
#include "dataplane/prompt/utf8_block.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace wp::prompt {
namespace {

constexpr std::uint8_t kTooShort = 1U << 0U;  // a character that is not continued
constexpr std::uint8_t kTooLong = 1U << 1U;   // ASCII that is
constexpr std::uint8_t kOverlong3 = 1U << 2U;
constexpr std::uint8_t kTooLarge = 1U << 3U;  // above U+10FFFF: F4 90 and up
constexpr std::uint8_t kSurrogate = 1U << 4U;
constexpr std::uint8_t kOverlong2 = 1U << 5U;
constexpr std::uint8_t kTooLarge1000 = 1U << 6U;  // the same: F5 80 and up, which only a second byte of 8x leaves over
constexpr std::uint8_t kOverlong4 = 1U << 6U;
constexpr std::uint8_t kTwoMore = 1U << 7U;  // two continuing bytes, which only a third or fourth byte may be
constexpr std::uint8_t kAnyLow = kTooShort | kTooLong | kTwoMore;
constexpr std::uint8_t kLarge = kAnyLow | kTooLarge | kTooLarge1000;

using Table = std::array<std::uint8_t, 16>;

// By the upper half of the first of two bytes, by its lower half, by the upper half of the second.
constexpr Table kFirstHigh{kTooLong,
                           kTooLong,
                           kTooLong,
                           kTooLong,
                           kTooLong,
                           kTooLong,
                           kTooLong,
                           kTooLong,
                           kTwoMore,
                           kTwoMore,
                           kTwoMore,
                           kTwoMore,
                           kTooShort | kOverlong2,
                           kTooShort,
                           kTooShort | kOverlong3 | kSurrogate,
                           kTooShort | kTooLarge | kTooLarge1000 | kOverlong4};
constexpr Table kFirstLow{kAnyLow | kOverlong2 | kOverlong3 | kOverlong4,
                          kAnyLow | kOverlong2,
                          kAnyLow,
                          kAnyLow,
                          kAnyLow | kTooLarge,
                          kLarge,
                          kLarge,
                          kLarge,
                          kLarge,
                          kLarge,
                          kLarge,
                          kLarge,
                          kLarge,
                          kLarge | kSurrogate,
                          kLarge,
                          kLarge};
constexpr std::uint8_t kContinues = kTooLong | kOverlong2 | kTwoMore;
constexpr Table kSecondHigh{kTooShort,
                            kTooShort,
                            kTooShort,
                            kTooShort,
                            kTooShort,
                            kTooShort,
                            kTooShort,
                            kTooShort,
                            kContinues | kOverlong3 | kTooLarge1000 | kOverlong4,
                            kContinues | kOverlong3 | kTooLarge,
                            kContinues | kSurrogate | kTooLarge,
                            kContinues | kSurrogate | kTooLarge,
                            kTooShort,
                            kTooShort,
                            kTooShort,
                            kTooShort};

// What is at least these two and three places before a byte wants it to continue. Less by so much, only they keep the
// highest bit.
constexpr std::uint8_t kBelowThree = 0xE0 - 0x80;
constexpr std::uint8_t kBelowFour = 0xF0 - 0x80;

#if defined(__AVX2__)

__m256i load(const char* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

__m256i look_up(const Table& table, __m256i halves) {
  const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data()));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), halves);
}

std::uint32_t faults_of_half(const char* at) {
  const __m256i low_half = _mm256_set1_epi8(0x0F);
  const auto upper = [&](__m256i bytes) { return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low_half); };
  const __m256i second = load(at);
  const __m256i first = load(at - 1);
  const __m256i pair = _mm256_and_si256(
      _mm256_and_si256(look_up(kFirstHigh, upper(first)), look_up(kFirstLow, _mm256_and_si256(first, low_half))),
      look_up(kSecondHigh, upper(second)));
  const __m256i third = _mm256_subs_epu8(load(at - 2), _mm256_set1_epi8(static_cast<char>(kBelowThree)));
  const __m256i fourth = _mm256_subs_epu8(load(at - 3), _mm256_set1_epi8(static_cast<char>(kBelowFour)));
  const __m256i wanted =
      _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(static_cast<char>(kTwoMore)));
  const __m256i good = _mm256_cmpeq_epi8(pair, wanted);
  return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(good));
}

#endif

}  // namespace

std::uint64_t utf8_faults(const char* at) {
#if defined(__AVX2__)
  return faults_of_half(at) | std::uint64_t{faults_of_half(at + 32)} << 32U;
#else
  const auto less = [](std::uint8_t byte, std::uint8_t by) { return byte > by ? byte - by : 0; };
  std::uint64_t faults = 0;
  for (int i = 0; i < 64; ++i) {
    const auto byte = [&](int before) { return static_cast<std::uint8_t>(at[i - before]); };
    const int pair = kFirstHigh[byte(1) >> 4U] & kFirstLow[byte(1) & 0x0FU] & kSecondHigh[byte(0) >> 4U];
    const int wanted = (less(byte(2), kBelowThree) | less(byte(3), kBelowFour)) & kTwoMore;
    if (pair != wanted) faults |= std::uint64_t{1} << static_cast<unsigned>(i);
  }
  return faults;
#endif
}

bool is_utf8(const char* body, const char* at, std::uint64_t which) {
  constexpr std::ptrdiff_t kBefore = 3;
  if (at - body >= kBefore) return (utf8_faults(at) & which) == 0;
  std::array<char, kBefore + 64> moved{};
  std::memcpy(moved.data() + kBefore, at, 64);
  return (utf8_faults(moved.data() + kBefore) & which) == 0;
}

}  // namespace wp::prompt
