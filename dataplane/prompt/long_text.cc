// Texts that go beyond a block, have escapes or are not ASCII. Their bytes are looked at 64 at a time; only with the
// first escape does a text begin to be copied.
#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/prompt/features.h"
#include "dataplane/prompt/scanner.h"
#include "dataplane/prompt/text_block.h"
#include "dataplane/prompt/utf8_block.h"

namespace wp::prompt {

static_assert(Extractor::kPadding >= kCopySlack);

// Of text_, up to its end or until the budget is spent. False: it is malformed.
bool Scanner::read_long_text() {
  cursor_.left = std::max<std::int64_t>(cursor_.left, 1);
  while (text_.open && cursor_.left > 0) {
    const bool good = text_.out == nullptr ? scan_plain() : text_.copied < cursor_.at ? copy_begun() : copy_on();
    if (!good) return false;
  }
  return true;
}

// Up to the first escape.
bool Scanner::scan_plain() {
  const char* const from = cursor_.at;
  const char* stop = end_ - from > cursor_.left ? from + cursor_.left : end_;
  const char* at = from;
  std::uint64_t special = 0;
  while (at < stop) {
    const TextBlock block(at);
    special = block.special;
    const std::uint64_t text = up_to_lowest(special);
    if (text_.cut || (block.high & text) != 0) {
      if (!is_utf8(data_, at, text)) return false;
      cursor_.left -= TextBlock::kBytes;
      stop -= std::min<std::ptrdiff_t>(TextBlock::kBytes, stop - at);  // twice the work, half as far
    }
    if (special != 0) break;
    text_.cut = block.cuts_character();
    at += TextBlock::kBytes;
  }
  if (special != 0) at += std::countr_zero(special);
  cursor_.left -= at - from;
  cursor_.at = at;
  if (at >= end_) return false;
  if (special == 0) return true;
  text_.cut = false;
  if (*at == '"') return finish_text(), true;
  text_.out = arena_at_;
  text_.copied = text_.begin;
  return *at == '\\';
}

// What came before the first escape.
bool Scanner::copy_begun() {
  const auto size = static_cast<std::size_t>(std::min<std::int64_t>(cursor_.at - text_.copied, cursor_.left));
  std::memcpy(text_.out, text_.copied, size);
  text_.out += size;
  text_.copied += size;
  cursor_.left -= static_cast<std::int64_t>(size);
  return true;
}

// From the first escape on.
bool Scanner::copy_on() {
  TextCopy copy{data_, end_, cursor_.at, text_.out, cursor_.left, text_.cut, false};
  if (!copier_(copy)) return false;
  text_.out = copy.out;
  text_.copied = copy.at;
  text_.cut = copy.cut;
  cursor_.at = copy.at;
  cursor_.left = copy.left;
  if (!copy.over) return true;
  if (*copy.at != '"') return false;
  finish_text();
  return true;
}

}  // namespace wp::prompt
