#include "dataplane/prompt/scanner.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "dataplane/prompt/features.h"
#include "dataplane/prompt/numbers.h"
#include "dataplane/prompt/text_block.h"

namespace wp::prompt {

static_assert(Extractor::kPadding >= TextBlock::kBytes);

namespace {

constexpr std::uint32_t kSmallestCapacity = 64 * 1024;
constexpr std::int64_t kSpaceCost = 8;  // of a byte, one by one

// Keeps a branch a branch. The processor goes on behind a branch as it guesses it to be taken, and behind an addition
// only when it knows both numbers: that made a chain from each token's bytes to the place of the next.
[[gnu::always_inline]] inline const char* predicted(const char* at) {
  __asm__("" : "+r"(at));
  return at;
}

bool is_white(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

Scanner::Scanner(std::uint32_t max_body, std::uint32_t max_depth)
    : max_body_(max_body), places_(kMostMembers), open_(std::size_t{max_depth} + 1) {}

Result<void> Scanner::start(const char* data, std::uint32_t size) {
  if (size > max_body_) return fail(Reason::body_too_large);
  if (size == 0) return fail(Reason::bad_json);
  if (!reserve(size)) return fail(Reason::no_buffer);
  data_ = data;
  end_ = data + size;
  cursor_ = {.at = data, .node = tape_.get(), .top = open_.data()};
  arena_at_ = arena_.get();
  text_ = {};
  members_ = 0;
  too_deep_ = false;
  return {};
}

bool Scanner::reserve(std::uint32_t size) {
  if (size <= capacity_) return true;
  const std::uint32_t capacity = std::bit_ceil(std::max(size, kSmallestCapacity));
  // Two values have a byte between them, and what is opened is one byte only as far as it may be nested. What is
  // copied of a text is as much as may be read of it.
  const std::size_t nodes = capacity / 2 + open_.size();
  capacity_ = 0;
  tape_.reset(new (std::nothrow) Node[nodes]);
  arena_.reset(new (std::nothrow) char[std::size_t{capacity} + Extractor::kPadding]);
  if (tape_ == nullptr || arena_ == nullptr) return false;
  capacity_ = capacity;
  return true;
}

Result<bool> Scanner::step(Budget& budget) {
  cursor_.left = budget.left();
  bool good = !text_.open || read_long_text();
  Cursor to = cursor_;
  while (good && to.left > 0 && to.at < end_) good = read_token(to);
  cursor_ = to;
  budget.spend(budget.left() - to.left);
  if (!good) return fail(too_deep_ ? Reason::nested_too_deep : Reason::bad_json);
  if (to.at < end_) return false;
  if (to.expect != Expect::nothing) return fail(Reason::bad_json);
  return true;
}

// One token, and the colon or comma behind it. These are inlined into the loop, so that the cursor is never in memory.
[[gnu::always_inline]] inline bool Scanner::read_token(Cursor& to) {
  const char c = *to.at;
  if (is_white(c)) return skip_space(to), true;
  to.left -= kTokenCost;
  switch (to.expect) {
    case Expect::key: return c == '"' && begin_key(to);
    case Expect::value: return begin_value(to, c);
    case Expect::more:
      if (c != ',') return close(to, c);
      pass_mark(to);
      to.expect = to.top->object ? Expect::key : Expect::value;
      return true;
    case Expect::key_or_end: return c == '"' ? begin_key(to) : close(to, c);
    case Expect::entry_or_end: return c == ']' ? close(to, c) : begin_value(to, c);
    case Expect::colon:
      pass_mark(to);
      to.expect = Expect::value;
      return c == ':';
    case Expect::nothing: break;
  }
  return false;
}

// A comma or colon, and the one space that many writers put behind it.
[[gnu::always_inline]] inline void Scanner::pass_mark(Cursor& to) {
  ++to.at;
  if (*to.at == ' ') to.at = predicted(to.at + 1);
}

inline void Scanner::skip_space(Cursor& to) const {
  const char* from = to.at;
  const std::int64_t most = to.left / kSpaceCost + 1;
  const char* stop = end_ - to.at > most ? to.at + most : end_;
  do ++to.at;
  while (to.at < stop && is_white(*to.at));
  to.left -= kSpaceCost * (to.at - from);
}

// The body itself is an object; everything else is inside of it.
[[gnu::always_inline]] inline bool Scanner::begin_value(Cursor& to, char c) {
  if (to.top == open_.data() && c != '{') return false;
  if (outermost(to) && members_ <= kMostMembers) places_[members_ - 1].value = offset(to);
  switch (c) {
    case '"': return begin_text(to, false);
    case '{': return open(to, true);
    case '[': return open(to, false);
    case 't': return read_word(to, "true", 4, Kind::yes);
    case 'f': return read_word(to, "false", 5, Kind::no);
    case 'n': return read_word(to, "null", 4, Kind::null);
    default: break;
  }
  to.at = read_number(to.at, end_, *to.node);
  if (to.at == nullptr) return false;
  ++to.node;
  end_value(to);
  return true;
}

[[gnu::always_inline]] inline bool Scanner::begin_key(Cursor& to) {
  if (outermost(to) && members_++ < kMostMembers) places_[members_ - 1].key = offset(to);
  ++to.top->size;
  return begin_text(to, true);
}

// Most texts end in their first half of a block, have no escape and are ASCII.
[[gnu::always_inline]] inline bool Scanner::begin_text(Cursor& to, bool key) {
  const char* begin = ++to.at;
  const TextHalf block(begin);
  const auto size = static_cast<std::uint32_t>(std::countr_zero(block.special));
  const bool high = (block.high & (block.special ^ (block.special - 1))) != 0;
  if (block.special == 0 || begin[size] != '"' || high) {
    text_ = {.begin = begin, .open = true, .key = key};
    cursor_ = to;
    const bool good = read_long_text();
    to = cursor_;
    return good;
  }
  if (end_ - begin <= static_cast<std::ptrdiff_t>(size)) return false;
  *to.node++ = {.payload = std::bit_cast<std::uintptr_t>(begin), .size = size, .kind = Kind::text};
  switch (size) {  // role and user, content, assistant
    case 4: to.at = predicted(begin + 5); break;
    case 7: to.at = predicted(begin + 8); break;
    case 9: to.at = predicted(begin + 10); break;
    default: to.at = begin + size + 1; break;
  }
  if (!key) return end_value(to), true;
  to.expect = Expect::colon;
  if (*to.at != ':') return true;
  pass_mark(to);
  to.expect = Expect::value;
  return true;
}

[[gnu::always_inline]] inline bool Scanner::read_word(Cursor& to, const char* word, std::uint32_t size, Kind kind) {
  if (std::memcmp(to.at, word, size) != 0) return false;  // what is behind the body may be looked at
  to.at += size;
  *to.node++ = {.payload = 0, .size = 0, .kind = kind};
  end_value(to);
  return true;
}

[[gnu::always_inline]] inline bool Scanner::open(Cursor& to, bool object) {
  if (to.top == &open_.back()) {
    too_deep_ = true;
    return false;
  }
  *++to.top = {.node = to.node, .size = 0, .object = object};
  *to.node++ = {.payload = 0, .size = 0, .kind = object ? Kind::object : Kind::array};
  ++to.at;
  to.expect = object ? Expect::key_or_end : Expect::entry_or_end;
  return true;
}

[[gnu::always_inline]] inline bool Scanner::close(Cursor& to, char c) {
  const Open& last = *to.top;
  if (c != (last.object ? '}' : ']')) return false;
  last.node->payload = static_cast<std::uint64_t>(to.node - last.node);
  last.node->size = last.size;
  ++to.at;
  --to.top;
  end_value(to);
  return true;
}

// Entries are counted where they end, members by their keys.
[[gnu::always_inline]] inline void Scanner::end_value(Cursor& to) {
  if (to.top == open_.data()) {
    to.expect = Expect::nothing;
    return;
  }
  const bool object = to.top->object;
  if (!object) ++to.top->size;
  if (outermost(to) && members_ <= kMostMembers) places_[members_ - 1].value_end = offset(to);
  to.expect = Expect::more;
  if (*to.at != ',') return;
  pass_mark(to);
  to.expect = object ? Expect::key : Expect::value;
}

// Behind a long text's closing quote.
void Scanner::finish_text() {
  Cursor& to = cursor_;
  const char* begin = text_.out == nullptr ? text_.begin : arena_at_;
  const char* end = text_.out == nullptr ? to.at : text_.out;
  *to.node++ = {.payload = std::bit_cast<std::uintptr_t>(begin),
                .size = static_cast<std::uint32_t>(end - begin),
                .kind = Kind::text};
  if (text_.out != nullptr) arena_at_ = text_.out;
  ++to.at;
  text_.open = false;
  if (!text_.key) return end_value(to);
  to.expect = Expect::colon;
}

}  // namespace wp::prompt
