// Texts that go beyond a block, have escapes or are not ASCII. Their bytes are looked at 64 at a time. Most have an
// escape soon, the end of a line, and are copied from their beginning, which costs less than to begin with the first;
// one that is without for long is data rather than prose, and is copied only when one comes.
#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "dataplane/prompt/features.h"
#include "dataplane/prompt/scanner.h"
#include "dataplane/prompt/text_block.h"
#include "dataplane/prompt/utf8_block.h"

namespace wp::prompt {

static_assert(Extractor::kPadding >= kCopySlack);

namespace {

constexpr std::int64_t kProse = 512;  // bytes

}  // namespace

// Of a body that is counted, a message's content: the one text that is long and that nobody looks into then.
bool Scanner::is_counted(bool key) const {
  const Open* const message = cursor_.top;
  if (!counted_ || key || message != open_.data() + 3 || !message->object || message[-1].object) return false;
  const auto key_before = [](const Node* node) { return Value(node - 1).text(); };
  return key_before(message[-1].node) == "messages" && key_before(cursor_.node) == "content";
}

// False, here and below: it is malformed.
bool Scanner::begin_long_text(bool key) {
  const char* const begin = cursor_.at;
  // A line without an escape is not worth the copier's beginning.
  const TextBlock block(begin);
  const std::uint64_t text = up_to_lowest(block.special);
  if (block.special != 0 && (block.high & text) == 0) {
    const char* const stop = begin + std::countr_zero(block.special);
    if (*stop == '"' && stop < end_) {
      cursor_.at = stop;
      return finish_text(begin, nullptr, key, false), true;
    }
  }
  const std::int64_t most = std::max<std::int64_t>(cursor_.left, 1);
  const char* const doubt = end_ - begin > kProse ? begin + kProse : end_;
  TextCopy copy{data_, end_, begin, doubt, arena_at_, most, false, false};
  const bool counted = is_counted(key);
  if (!copiers_.of(counted)(copy)) return false;
  cursor_.left -= most - copy.left;
  cursor_.at = copy.at;
  if (copy.over) {
    finish_text(begin, copy.out, key, counted);
    return *copy.at == '"';
  }
  const bool plain = copy.out - arena_at_ == copy.at - begin;
  text_ = {.begin = begin,
           .copied = copy.at,
           .out = plain ? nullptr : copy.out,
           .cut = copy.cut,
           .open = true,
           .key = key,
           .counted = counted};
  return read_long_text();
}

// Up to its end or until the budget is spent.
bool Scanner::read_long_text() {
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
  if (*at == '"') return end_text(), true;
  text_.out = arena_at_;
  text_.copied = text_.begin;
  return *at == '\\';
}

// What came before the first escape.
bool Scanner::copy_begun() {
  const auto size = static_cast<std::size_t>(std::min<std::int64_t>(cursor_.at - text_.copied, cursor_.left));
  if (!text_.counted) std::memcpy(text_.out, text_.copied, size);
  text_.out += size;
  text_.copied += size;
  cursor_.left -= static_cast<std::int64_t>(size);
  return true;
}

// From the first escape on.
bool Scanner::copy_on() {
  TextCopy copy{data_, end_, cursor_.at, end_, text_.out, cursor_.left, text_.cut, false};
  if (!copiers_.of(text_.counted)(copy)) return false;
  text_.out = copy.out;
  text_.copied = copy.at;
  text_.cut = copy.cut;
  cursor_.at = copy.at;
  cursor_.left = copy.left;
  if (!copy.over) return true;
  end_text();
  return *copy.at == '"';
}

void Scanner::end_text() {
  text_.open = false;
  finish_text(text_.begin, text_.out, text_.key, text_.counted);
}

}  // namespace wp::prompt
