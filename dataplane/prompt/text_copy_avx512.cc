// Escapes cost nothing of their own here: all of a block are found and replaced at once, and what stood for them is
// pressed out of it.
#include "dataplane/prompt/text_copy.h"

#if defined(__x86_64__)

#include <bit>
#include <cstring>

#include <immintrin.h>

#include "dataplane/prompt/escapes.h"
#include "dataplane/prompt/text_block.h"
#include "dataplane/prompt/utf8_block.h"

namespace wp::prompt {
namespace {

// Of a block's backslashes those that begin an escape, which every other one of a row does: what follows the others is
// escaped. Adding carries through a row, and its first bit being even or odd tells which (simdjson's way).
std::uint64_t leading(std::uint64_t backslashes) {
  constexpr std::uint64_t kOdd = 0xAAAAAAAAAAAAAAAA;
  return ((((backslashes << 1U) | kOdd) - backslashes) ^ kOdd) & backslashes;
}

// The compiler would rather bring what this is combined with to a mask register and back, which takes longer.
[[gnu::always_inline]] inline std::uint64_t in_register(std::uint64_t mask) {
  __asm__("" : "+r"(mask));
  return mask;
}

template <bool kKept>
[[gnu::target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt,bmi,bmi2")]] bool copy_text_avx512(TextCopy& copy) {
  const __m512i low_meanings = _mm512_loadu_si512(kSimpleEscapes.data());
  const __m512i high_meanings = _mm512_loadu_si512(kSimpleEscapes.data() + 64);
  const char* at = copy.at;
  char* out = copy.out;
  std::int64_t left = copy.left;
  bool cut = copy.cut;
  bool over = false;
  while (left > 0 && !over) {
    const __m512i bytes = _mm512_loadu_si512(at);
    // A quote or what is below it but for a space and '!', as one range: this bit swaps '"' and the space.
    const __m512i swapped = _mm512_xor_si512(bytes, _mm512_set1_epi8('"' ^ ' '));
    const std::uint64_t closing = in_register(_mm512_cmplt_epu8_mask(swapped, _mm512_set1_epi8(' ' + 1)));
    const __mmask64 high = _mm512_movepi8_mask(bytes);
    const std::uint64_t begins = leading(_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')));
    const std::uint64_t escaped = begins << 1U;
    // By seven bits of each byte; what has the eighth means nothing.
    const __m512i meanings = _mm512_permutex2var_epi8(low_meanings, bytes, high_meanings);
    const std::uint64_t strange = escaped & _kor_mask64(high, _mm512_testn_epi8_mask(meanings, meanings));
    // Where this ends: at what ends the text, at an escape of another kind, or at one that begins with the last byte.
    const std::uint64_t ends = (closing & ~escaped) | strange >> 1U | (begins & (std::uint64_t{1} << 63U));
    const std::uint64_t text = up_to_lowest(ends);
    // Asked of the mask first: most blocks are ASCII, and it need not leave its register.
    if (cut || (_kortestz_mask64_u8(high, high) == 0 && (high & text) != 0)) {
      if (!is_utf8(copy.body, at, text)) return false;
      left -= TextBlock::kBytes;
    }
    const std::uint64_t kept = text & ~ends & ~begins;
    if constexpr (kKept) {
      const __m512i plain = _mm512_mask_mov_epi8(bytes, escaped, meanings);
      _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(kept, plain));
    }
    out += std::popcount(kept);
    left -= kCopiedBlockCost;
    if (ends == 0) {
      at += TextBlock::kBytes;
      cut = high >> (TextBlock::kBytes - 3) != 0;
      if (at >= copy.end) return false;
      if (at >= copy.doubt && out - copy.out == at - copy.at) break;
      continue;
    }
    at += std::countr_zero(ends);
    cut = false;
    over = *at != '\\';
    if (!over) {
      if (const char c = kSimpleEscapes[static_cast<unsigned char>(at[1])]; c != 0) {
        if constexpr (kKept) *out = c;
        ++out;
        at += 2;
      } else {
        const Escape escape = read_escape(at);
        if (escape.taken == 0) return false;
        if constexpr (kKept) std::memcpy(out, escape.text.data(), escape.text.size());
        at += escape.taken;
        out += escape.size;
      }
      left -= kLongEscapeCost;
    }
    if (at >= copy.end) return false;
  }
  copy.at = at;
  copy.out = out;
  copy.left = left;
  copy.cut = cut;
  copy.over = over;
  return true;
}

}  // namespace

TextCopiers vector_copiers() {
  const bool has = __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vbmi") != 0 &&
                   __builtin_cpu_supports("avx512vbmi2") != 0;
  return has ? TextCopiers{&copy_text_avx512<true>, &copy_text_avx512<false>} : TextCopiers{};
}

}  // namespace wp::prompt

#else

namespace wp::prompt {

TextCopiers vector_copiers() {
  return {};
}

}  // namespace wp::prompt

#endif
