#include "dataplane/prompt/text_copy.h"

#include <bit>
#include <cstring>

#include "dataplane/prompt/escapes.h"
#include "dataplane/prompt/text_block.h"
#include "dataplane/prompt/utf8_block.h"

namespace wp::prompt {
namespace {

// A block's last copy, or an escape that begins in it.
static_assert(kCopySlack >= TextBlock::kBytes + TextHalf::kBytes && kLongestEscape <= TextHalf::kBytes);

// At most a block, by halves. Returns the copy's end.
template <bool kKept>
char* copy_plain(char* to, const char* from, const char* end) {
  if constexpr (kKept) {
    std::memcpy(to, from, TextHalf::kBytes);
    if (end - from > TextHalf::kBytes) std::memcpy(to + TextHalf::kBytes, from + TextHalf::kBytes, TextHalf::kBytes);
  }
  return to + (end - from);
}

// Of a block up to what is neither plain nor an escape, or all of it and the rest of its last escape.
template <bool kKept>
bool copy_block(const TextBlock& block, TextCopy& copy) {
  const char* const behind = copy.at + TextBlock::kBytes;
  const char* plain = copy.at;  // what is not copied yet
  char* out = copy.out;
  std::uint64_t special = block.special;
  while (special != 0) {
    const int place = std::countr_zero(special);
    const char* const here = copy.at + place;
    out = copy_plain<kKept>(out, plain, here);
    plain = here;
    copy.over = *here != '\\';
    if (copy.over) break;
    if (const char c = kSimpleEscapes[static_cast<unsigned char>(here[1])]; c != 0) {
      if constexpr (kKept) *out = c;
      ++out;
      plain = here + 2;
      special &= ~(std::uint64_t{3} << static_cast<unsigned>(place));
      copy.left -= kSimpleEscapeCost;
      continue;
    }
    const Escape escape = read_escape(here);
    if (escape.taken == 0) return false;
    if constexpr (kKept) std::memcpy(out, escape.text.data(), escape.text.size());
    plain = here + escape.taken;
    out += escape.size;
    special = plain < behind ? special & (~std::uint64_t{0} << static_cast<unsigned>(plain - copy.at)) : 0;
    copy.left -= kLongEscapeCost;
  }
  const std::uint64_t text = up_to_lowest(special);
  if (copy.cut || (block.high & text) != 0) {
    if (!is_utf8(copy.body, copy.at, text)) return false;
    copy.left -= TextBlock::kBytes;
  }
  copy.cut = false;
  if (!copy.over && plain < behind) {
    out = copy_plain<kKept>(out, plain, behind);
    plain = behind;
    copy.cut = block.cuts_character();
  }
  copy.at = plain;
  copy.out = out;
  return true;
}

template <bool kKept>
bool copy_text(TextCopy& copy) {
  TextCopy to = copy;  // in registers
  to.over = false;
  while (to.left > 0 && !to.over) {
    if (!copy_block<kKept>(TextBlock(to.at), to) || to.at >= to.end) return false;
    to.left -= kCopiedBlockCost;
    if (to.at >= to.doubt && to.out - copy.out == to.at - copy.at) break;
  }
  copy = to;
  return true;
}

}  // namespace

TextCopiers plain_copiers() {
  return {&copy_text<true>, &copy_text<false>};
}

TextCopiers fastest_copiers() {
  const TextCopiers vector = vector_copiers();
  return vector.copy != nullptr ? vector : plain_copiers();
}

}  // namespace wp::prompt
