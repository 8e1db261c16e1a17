// Copies a text that has escapes, as what they stand for, or only counts what that comes to. The processor decides how.
#pragma once

#include <cstdint>

namespace wp::prompt {

// Behind where a copying may read and behind what it writes, so many bytes are readable and writable.
inline constexpr std::uint32_t kCopySlack = 128;

struct TextCopy {
  const char* body;   // where it begins: nothing before it is read
  const char* end;    // of the body; a text ends before
  const char* at;     // what is read next, within a text
  const char* doubt;  // who has come so far without an escape goes no farther; `end`: nobody is asked
  char* out;          // where it goes
  std::int64_t left;  // of the budget
  bool cut;           // the byte before `at` may be within a character
  bool over;          // `at` is a quote or a control character: neither is copied
};

// Copies on until the text is over, in doubt, or the budget is spent. False: there is no such escape, it is no UTF-8
// (RFC 3629), or the body ends first; where it stands is then undefined.
using TextCopier = bool (*)(TextCopy& copy);

// They judge alike and come to the same place; who counts moves `out` on and writes nothing there.
struct TextCopiers {
  TextCopier copy = nullptr;
  TextCopier count = nullptr;

  [[nodiscard]] TextCopier of(bool counted) const { return counted ? count : copy; }
};

[[nodiscard]] TextCopiers plain_copiers();

// With AVX-512 VBMI2; nullptr where there is none.
[[nodiscard]] TextCopiers vector_copiers();

// The fastest that this processor has. They do the same.
[[nodiscard]] TextCopiers fastest_copiers();

// What these cost: some nanoseconds each.
inline constexpr std::int64_t kCopiedBlockCost = 128;
inline constexpr std::int64_t kSimpleEscapeCost = 64;
inline constexpr std::int64_t kLongEscapeCost = 256;

}  // namespace wp::prompt
