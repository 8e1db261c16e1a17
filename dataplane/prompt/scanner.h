// Reads a body into a tape: the whole of RFC 8259 and UTF-8 is checked, each byte once, in as many steps as the caller
// wants.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/prompt/budget.h"
#include "dataplane/prompt/members.h"
#include "dataplane/prompt/tape.h"
#include "dataplane/prompt/text_copy.h"

namespace wp::prompt {

// Keeps a branch a branch. The processor goes on behind a branch as it guesses it to be taken, and behind an addition
// only when it knows both numbers: that made a chain from each token's bytes to the place of the next.
[[gnu::always_inline]] inline const char* predicted(const char* at) {
  __asm__("" : "+r"(at));
  return at;
}

// Where a member of the outermost object stands in the body: offsets, the value's without the white space around it.
struct MemberPlace {
  std::uint32_t key = 0;
  std::uint32_t value = 0;
  std::uint32_t value_end = 0;
};

// Its memory grows in powers of two up to the largest body and stays: 9 bytes for each byte of capacity, of which pages
// are touched only as far as a body needs them.
class Scanner {
 public:
  Scanner(std::uint32_t max_body, std::uint32_t max_depth);

  // Begins a body of `size` bytes; it and 64 readable bytes behind it must stay until its tape is read. `counted`:
  // nobody reads what messages say, so that of a long one only the size is right. Errors: body_too_large, bad_json (it
  // is empty), no_buffer (no memory to grow into).
  [[nodiscard]] Result<void> start(const char* data, std::uint32_t size, bool counted = false);

  // Reads on. True: all is read, and is one object. Errors: bad_json, nested_too_deep.
  [[nodiscard]] Result<bool> step(Budget& budget);

  // Of a body that is read: its object.
  [[nodiscard]] Value root() const { return Value(tape_.get()); }
  // The place of member `index` of the object, from 0; below kMostMembers.
  [[nodiscard]] MemberPlace member(std::uint32_t index) const { return places_[index]; }

 private:
  enum class Expect : std::uint8_t { value, entry_or_end, key, key_or_end, colon, more, nothing };

  // An array or object whose end is still to come.
  struct Open {
    Node* node = nullptr;
    std::uint32_t size = 0;
    bool object = false;
  };

  // Where the reading is. A step works on a copy, which stays in registers; long texts are read on the original.
  struct Cursor {
    const char* at = nullptr;
    Node* node = nullptr;   // the next one
    Open* top = nullptr;    // what is open innermost; the first of open_ when nothing is
    std::int64_t left = 0;  // of the budget
    Expect expect = Expect::value;
  };

  // A long text that has not ended in its first step.
  struct Text {
    const char* begin = nullptr;   // behind the quote
    const char* copied = nullptr;  // of one that is copied: what is before it is in the arena
    char* out = nullptr;           // nullptr: it is not copied, for want of escapes
    bool cut = false;              // what was read may end within a character
    bool open = false;
    bool key = false;
    bool counted = false;  // `out` only counts
  };

  [[nodiscard]] bool reserve(std::uint32_t size);
  [[nodiscard]] bool read_token(Cursor& to);
  [[gnu::always_inline]] static void pass_mark(Cursor& to);
  void skip_space(Cursor& to) const;
  [[nodiscard]] bool begin_value(Cursor& to, char c);
  [[nodiscard]] bool begin_key(Cursor& to);
  [[nodiscard]] bool begin_text(Cursor& to, bool key);
  [[nodiscard]] bool read_word(Cursor& to, const char* word, std::uint32_t size, Kind kind);
  [[nodiscard]] bool begin_message(Cursor& to);
  [[nodiscard]] bool open(Cursor& to, bool object);
  [[nodiscard]] bool close(Cursor& to, char c);
  [[gnu::always_inline]] void end_value(Cursor& to);

  // --- long_text.cc: at the cursor, of text_ once that is open.
  [[nodiscard]] bool begin_long_text(bool key);
  [[nodiscard]] bool read_long_text();
  [[nodiscard]] bool scan_plain();
  [[nodiscard]] bool copy_begun();
  [[nodiscard]] bool copy_on();
  void end_text();
  [[gnu::always_inline]] void finish_text(const char* begin, char* out, bool key, bool counted);
  [[nodiscard]] bool is_counted(bool key) const;

  [[nodiscard]] bool outermost(const Cursor& to) const { return to.top == open_.data() + 1; }
  [[nodiscard]] std::uint32_t offset(const Cursor& to) const { return static_cast<std::uint32_t>(to.at - data_); }

  std::uint32_t max_body_;
  TextCopiers copiers_ = fastest_copiers();
  std::uint32_t capacity_ = 0;
  std::unique_ptr<Node[]> tape_;
  std::unique_ptr<char[]> arena_;  // texts that had escapes
  std::vector<MemberPlace> places_;
  std::vector<Open> open_;  // as many as may be inside one another, behind one that stands for the outside

  const char* data_ = nullptr;
  const char* end_ = nullptr;
  Cursor cursor_;
  char* arena_at_ = nullptr;
  Text text_;
  std::uint32_t members_ = 0;  // of the outermost object, so far
  bool counted_ = false;
  bool too_deep_ = false;
};

// Inlined into both loops over the cursor, of scanner.cc and long_text.cc, so that it stays in registers.

// A comma or colon, and the one space that many writers put behind it.
inline void Scanner::pass_mark(Cursor& to) {
  ++to.at;
  if (*to.at == ' ') to.at = predicted(to.at + 1);
}

// Entries are counted where they end, members by their keys.
inline void Scanner::end_value(Cursor& to) {
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

// At a long text's closing quote. `out`: where its copy ends; nullptr: it is not copied. One that was counted is told
// from where it begins in the body, which has at least so many bytes.
inline void Scanner::finish_text(const char* begin, char* out, bool key, bool counted) {
  Cursor& to = cursor_;
  const bool plain = out == nullptr || out - arena_at_ == to.at - begin;
  const char* text = plain || counted ? begin : arena_at_;
  const std::ptrdiff_t size = plain ? to.at - begin : out - arena_at_;
  *to.node++ = {
      .payload = std::bit_cast<std::uintptr_t>(text), .size = static_cast<std::uint32_t>(size), .kind = Kind::text};
  if (!plain && !counted) arena_at_ = out;
  ++to.at;
  if (!key) return end_value(to);
  to.expect = Expect::colon;
}

}  // namespace wp::prompt
