#include "dataplane/wire/checksum.h"

#if defined(__x86_64__)

#include <immintrin.h>

namespace wp::wire {
namespace {

// Below this, setting up and folding the vectors costs more than they save.
constexpr std::size_t kWorthwhile = 128;

// Each 64-bit lane takes 32-bit words, which it could do 2^32 times before it overflows.
[[gnu::target("avx2")]] Sum avx2_sum(Bytes bytes) {
  if (bytes.size() < kWorthwhile) return scalar_sum(bytes);
  const __m256i low_words = _mm256_set1_epi64x(0xffff'ffff);
  __m256i low = _mm256_setzero_si256();
  __m256i high = _mm256_setzero_si256();
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 64; at += 64, left -= 64) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32));
    low = _mm256_add_epi64(low, _mm256_add_epi64(_mm256_and_si256(a, low_words), _mm256_and_si256(b, low_words)));
    high = _mm256_add_epi64(high, _mm256_add_epi64(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)));
  }
  const __m256i both = _mm256_add_epi64(low, high);
  const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  const std::uint64_t total =
      static_cast<std::uint64_t>(_mm_extract_epi64(half, 0)) + static_cast<std::uint64_t>(_mm_extract_epi64(half, 1));
  const Sum vectors(network_order(Sum::folded(total).value()));
  return vectors + scalar_sum(bytes.last(left));
}

}  // namespace

SumFunction vector_sum() {
  return __builtin_cpu_supports("avx2") != 0 ? &avx2_sum : nullptr;
}

}  // namespace wp::wire

#else

namespace wp::wire {

SumFunction vector_sum() {
  return nullptr;
}

}  // namespace wp::wire

#endif
