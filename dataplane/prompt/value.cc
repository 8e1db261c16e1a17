#include "dataplane/prompt/value.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "dataplane/prompt/media.h"

namespace wp::prompt {
namespace {

constexpr std::string_view kCacheControl = "cache_control";

}  // namespace

void ValueWriter::write(Value value, bool media) {
  switch (value.kind()) {
    case Kind::null: sink_.put_byte('n'); break;
    case Kind::no: sink_.put_byte('f'); break;
    case Kind::yes: sink_.put_byte('t'); break;
    case Kind::text: write_text(value, media); break;
    case Kind::integer: sink_.put_number('i', value.natural()); break;
    case Kind::natural: sink_.put_number('u', value.natural()); break;
    case Kind::real: write_number(value.real()); break;
    case Kind::array:
      sink_.put_byte('l');
      agenda_.push({.task = Task::entries, .media = media, .left = value.size(), .at = value.first()});
      break;
    case Kind::object: begin_object(value, false, media); break;
  }
}

void ValueWriter::write_text(Value text, bool media) {
  if (media && text.size() >= kLeastMedia) {
    if (const std::uint32_t words = media_words(text.text()); words > 0) return sink_.media(text.text(), words);
  }
  sink_.put_byte('s');
  sink_.text(text.text());
}

// 1.0, 1e0 and 1 are one value, as are 0 and -0.0: clients that re-serialise a schema spell them differently.
void ValueWriter::write_number(double number) {
  const bool whole = std::trunc(number) == number;
  if (whole && number >= -0x1p63 && number < 0x1p63) {
    sink_.put_number('i', static_cast<std::uint64_t>(static_cast<std::int64_t>(number)));
  } else if (whole && number >= 0x1p63 && number < 0x1p64) {
    sink_.put_number('u', static_cast<std::uint64_t>(number));
  } else {
    sink_.put_number('d', std::bit_cast<std::uint64_t>(number));
  }
}

void ValueWriter::begin_object(Value object, bool bare, bool media) {
  sink_.put_byte('o');
  Frame frame{.task = Task::members, .bare = bare, .media = media, .left = object.size(), .at = object.first()};
  if (object.size() <= kMostSorted && !sink_.counted()) {
    frame.task = Task::sorted;
    frame.run = static_cast<std::uint32_t>(members_.size());
    Value key = object.first();
    for (std::uint32_t i = 0; i < object.size(); ++i) {
      const Value value = key.next();
      if (!bare || key.text() != kCacheControl) members_.push_back({key.text(), value});
      key = value.next();
    }
    frame.left = static_cast<std::uint32_t>(members_.size()) - frame.run;
    const auto run = members_.begin() + frame.run;
    if (!std::is_sorted(run, members_.end())) std::sort(run, members_.end());
  }
  agenda_.push(frame);
}

void ValueWriter::go_on(Budget& budget) {
  switch (agenda_.top().task) {
    case Task::entries: return write_entries(budget);
    case Task::members: return write_members(budget);
    default: return write_sorted(budget);
  }
}

// What is no array and no object is written at once, as much of it as the budget allows; one in any case, here and
// below, so that every call gets on.
void ValueWriter::write_entries(Budget& budget) {
  while (agenda_.top().left > 0) {
    budget.spend(kMemberCost);
    const bool media = agenda_.top().media;
    const Value entry = agenda_.take();
    write(entry, media);
    if (entry.kind() >= Kind::array || budget.spent()) return;
  }
  agenda_.pop();
  sink_.end();
}

void ValueWriter::write_members(Budget& budget) {
  while (agenda_.top().left > 0) {
    budget.spend(kMemberCost);
    Frame& frame = agenda_.top();
    const bool media = frame.media;
    const Value key = frame.at;
    const Value value = key.next();
    frame.at = value.next();
    --frame.left;
    if (frame.bare && key.text() == kCacheControl) continue;
    sink_.text(key.text());
    write(value, media);
    if (value.kind() >= Kind::array || budget.spent()) return;
  }
  agenda_.pop();
  sink_.end();
}

// All were put in order at once, which the budget pays for here.
void ValueWriter::write_sorted(Budget& budget) {
  while (agenda_.top().left > 0) {
    budget.spend(3 * kMemberCost);
    Frame& frame = agenda_.top();
    const bool media = frame.media;
    const Member member = members_[members_.size() - frame.left];
    --frame.left;
    sink_.text(member.key);
    write(member.value, media);
    if (member.value.kind() >= Kind::array || budget.spent()) return;
  }
  members_.resize(agenda_.top().run);
  agenda_.pop();
  sink_.end();
}

}  // namespace wp::prompt
