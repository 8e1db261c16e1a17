#include "dataplane/prompt/scanner.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <string_view>

#include "dataplane/prompt/features.h"
#include "dataplane/prompt/numbers.h"
#include "dataplane/prompt/text_block.h"

namespace wp::prompt {

static_assert(Extractor::kPadding >= TextBlock::kBytes);

namespace {

constexpr std::uint32_t kSmallestCapacity = 64 * 1024;
constexpr std::int64_t kSpaceCost = 8;  // of a byte, one by one

// Behind the quote that ends a text of so many bytes.
[[gnu::always_inline]] inline const char* behind_word(const char* begin, std::uint32_t size) {
  switch (size) {  // role and user, content, assistant
    case 4: return predicted(begin + 5);
    case 7: return predicted(begin + 8);
    case 9: return predicted(begin + 10);
    default: return begin + size + 1;
  }
}

bool is_white(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

Scanner::Scanner(std::uint32_t max_body, std::uint32_t max_depth)
    : max_body_(max_body), places_(kMostMembers), open_(std::size_t{max_depth} + 1) {}

Result<void> Scanner::start(const char* data, std::uint32_t size, bool counted) {
  if (size > max_body_) return fail(Reason::body_too_large);
  if (size == 0) return fail(Reason::bad_json);
  if (!reserve(size)) return fail(Reason::no_buffer);
  data_ = data;
  end_ = data + size;
  cursor_ = {.at = data, .node = tape_.get(), .top = open_.data()};
  arena_at_ = arena_.get();
  text_ = {};
  members_ = 0;
  counted_ = counted;
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
    case '{': return begin_message(to) || open(to, true);
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
  const bool high = (block.high & up_to_lowest(block.special)) != 0;
  if (block.special == 0 || begin[size] != '"' || high) {
    cursor_ = to;
    const bool good = begin_long_text(key);
    to = cursor_;
    return good;
  }
  if (end_ - begin <= static_cast<std::ptrdiff_t>(size)) return false;
  *to.node++ = {.payload = std::bit_cast<std::uintptr_t>(begin), .size = size, .kind = Kind::text};
  to.at = behind_word(begin, size);
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

// Almost every object in an array of a body begins as most clients put a message, {"role":"user","content":, with or
// without spaces: up to its content at once, without asking of each token what may come. False, and nothing done, where
// it does not, or at the end of the body.
[[gnu::always_inline]] inline bool Scanner::begin_message(Cursor& to) {
  constexpr std::string_view kRole = "{\"role\":";
  constexpr std::string_view kContent = "\"content\":";
  constexpr std::int64_t kTokens = 4;  // beside the brace
  if (to.top->object || to.top == open_.data() || to.top == &open_.back()) return false;
  if (std::memcmp(to.at, kRole.data(), kRole.size()) != 0) return false;
  const char* const brace = to.at;
  const char* at = brace + kRole.size();
  if (*at == ' ') at = predicted(at + 1);
  const char* const role = at + 1;
  const TextHalf block(role);
  const auto size = static_cast<std::uint32_t>(std::countr_zero(block.special));
  if (*at != '"' || block.special == 0 || (block.high & up_to_lowest(block.special)) != 0) return false;
  at = behind_word(role, size);
  if (role[size] != '"' || *at != ',') return false;
  if (*++at == ' ') at = predicted(at + 1);
  const char* const content = at;
  if (end_ - content < static_cast<std::ptrdiff_t>(kContent.size())) return false;
  if (std::memcmp(content, kContent.data(), kContent.size()) != 0) return false;
  to.at = content + kContent.size() - 1;
  pass_mark(to);
  *++to.top = {.node = to.node, .size = 2, .object = true};
  const auto put = [&to](const char* text, std::size_t bytes) {
    *to.node++ = {
        .payload = std::bit_cast<std::uintptr_t>(text), .size = static_cast<std::uint32_t>(bytes), .kind = Kind::text};
  };
  *to.node++ = {.payload = 0, .size = 0, .kind = Kind::object};
  put(brace + 2, kRole.size() - 4);
  put(role, size);
  put(content + 1, kContent.size() - 3);
  to.expect = Expect::value;
  to.left -= kTokens * kTokenCost;
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

}  // namespace wp::prompt
