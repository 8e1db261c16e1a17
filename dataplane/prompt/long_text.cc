// Texts that go beyond a block, have escapes or are not ASCII. Their bytes are looked at 64 at a time; only with the
// first escape does a text begin to be copied.
#include <algorithm>
#include <bit>
#include <cstring>

#include <simdjson.h>

#include "dataplane/prompt/escapes.h"
#include "dataplane/prompt/features.h"
#include "dataplane/prompt/scanner.h"
#include "dataplane/prompt/text_block.h"

namespace wp::prompt {

static_assert(Extractor::kPadding >= kLongestEscape);

namespace {

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// The bits below the lowest one; all when there is none.
std::uint64_t below(std::uint64_t bits) {
  return (bits - 1) & ~bits;
}

}  // namespace

// False: it is malformed. Otherwise it is over, or the budget is.
bool Scanner::read_long_text(Cursor& to) {
  to.left = std::max<std::int64_t>(to.left, 1);
  while (text_.open) {
    if (to.left <= 0) return validate(to, false);
    if (text_.out == nullptr) {
      if (!scan_plain(to)) return false;
    } else if (text_.copied < to.at) {
      if (!copy_begun(to)) return false;
    } else if (!unescape(to)) {
      return false;
    }
  }
  return true;
}

// Up to the first escape.
bool Scanner::scan_plain(Cursor& to) {
  const char* const from = to.at;
  const char* const stop = end_ - from > to.left ? from + to.left : end_;
  const char* at = from;
  std::uint64_t high = 0;
  std::uint64_t special = 0;
  while (at < stop) {
    const TextBlock block(at);
    special = block.special;
    high |= block.high & below(special);
    if (special != 0) break;
    at += TextBlock::kBytes;
  }
  if (special != 0) at += std::countr_zero(special);
  text_.high |= high != 0;
  to.left -= at - from;
  to.at = at;
  if (at >= end_) return false;
  if (special == 0) return true;
  if (*at == '"') return validate(to, true) && finish_text(to);
  text_.out = arena_at_;
  text_.copied = text_.begin;
  return *at == '\\';
}

// What came before the first escape.
bool Scanner::copy_begun(Cursor& to) {
  const auto size = static_cast<std::size_t>(std::min<std::int64_t>(to.at - text_.copied, to.left));
  std::memcpy(text_.out, text_.copied, size);
  text_.out += size;
  text_.copied += size;
  to.left -= static_cast<std::int64_t>(size);
  return true;
}

// From the first escape on. Blocks are copied whole, and what is not plain text of them is overwritten.
bool Scanner::unescape(Cursor& to) {
  const char* at = to.at;
  char* out = text_.out;
  std::int64_t left = to.left;
  std::uint64_t high = 0;
  bool over = false;  // at what is neither plain nor an escape
  while (left > 0) {
    const TextBlock block(at);
    std::memcpy(out, at, TextBlock::kBytes);
    high |= block.high & below(block.special);
    const int plain = std::countr_zero(block.special);
    at += plain;
    out += plain;
    left -= 2 * TextBlock::kBytes;
    if (at >= end_) return false;
    if (block.special == 0) continue;
    if (*at != '\\') {
      over = true;
      break;
    }
    if (const char c = kSimpleEscapes[static_cast<unsigned char>(at[1])]; c != 0) {
      *out++ = c;
      at += 2;
      continue;
    }
    const Escape escape = read_escape(at);
    if (escape.taken == 0) return false;
    std::memcpy(out, escape.text.data(), escape.text.size());
    out += escape.size;
    at += escape.taken;
    if (at >= end_) return false;  // the next block would be beyond the padding
  }
  text_.high |= high != 0;
  text_.out = out;
  text_.copied = at;
  to.at = at;
  to.left = left;
  if (at >= end_) return false;
  return !over || (*at == '"' && validate(to, true) && finish_text(to));
}

// What was read since the last time; a character that is cut here is left for the next.
bool Scanner::validate(Cursor& to, bool complete) {
  const char* end = to.at;
  if (!complete) {
    for (int i = 0; i < 3 && end > text_.validated && continues_character(end[-1]); ++i) --end;
    if (end > text_.validated && static_cast<unsigned char>(end[-1]) >= 0xC0) --end;
  }
  if (text_.high) {
    to.left -= end - text_.validated;
    if (!simdjson::validate_utf8(text_.validated, static_cast<std::size_t>(end - text_.validated))) return false;
  }
  text_.validated = end;
  text_.high = end < to.at;
  return true;
}

}  // namespace wp::prompt
