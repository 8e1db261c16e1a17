#include "dataplane/prompt/value.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wp::prompt {

namespace dom = simdjson::dom;

void ValueWriter::write(dom::element value) {
  switch (value.type()) {
    case dom::element_type::NULL_VALUE: sink_.put_byte('n'); break;
    case dom::element_type::BOOL: sink_.put_byte(value.get_bool().value_unsafe() ? 't' : 'f'); break;
    case dom::element_type::STRING:
      sink_.put_byte('s');
      sink_.text(value.get_string().value_unsafe());
      break;
    case dom::element_type::INT64:
      sink_.put_byte('i');
      sink_.put_little_endian(static_cast<std::uint64_t>(value.get_int64().value_unsafe()), 8);
      break;
    case dom::element_type::UINT64:
      sink_.put_byte('u');
      sink_.put_little_endian(value.get_uint64().value_unsafe(), 8);
      break;
    case dom::element_type::DOUBLE: write_number(value.get_double().value_unsafe()); break;
    case dom::element_type::ARRAY: write_array(value.get_array().value_unsafe()); break;
    case dom::element_type::OBJECT: write_object(value.get_object().value_unsafe(), {}); break;
  }
}

void ValueWriter::write_array(dom::array array) {
  sink_.put_byte('l');
  for (const dom::element entry : array) write(entry);
  sink_.end();
}

// 1.0, 1e0 and 1 are one value, as are 0 and -0.0: clients that re-serialise a schema spell them differently.
void ValueWriter::write_number(double number) {
  const bool whole = std::trunc(number) == number;
  if (whole && number >= -0x1p63 && number < 0x1p63) {
    sink_.put_byte('i');
    sink_.put_little_endian(static_cast<std::uint64_t>(static_cast<std::int64_t>(number)), 8);
  } else if (whole && number >= 0x1p63 && number < 0x1p64) {
    sink_.put_byte('u');
    sink_.put_little_endian(static_cast<std::uint64_t>(number), 8);
  } else {
    sink_.put_byte('d');
    sink_.put_little_endian(std::bit_cast<std::uint64_t>(number), 8);
  }
}

void ValueWriter::write_member(std::string_view key, dom::element value) {
  sink_.text(key);
  write(value);
}

void ValueWriter::write_object(dom::object object, std::string_view without) {
  sink_.put_byte('o');
  const auto left_out = [without](std::string_view key) { return !without.empty() && key == without; };
  if (sink_.room() == 0) {
    for (const auto [key, value] : object) {
      if (!left_out(key)) write_member(key, value);
    }
    sink_.end();
    return;
  }
  // A member takes two bytes or more, so the ones behind the first room/2 + 1 cannot reach into the chunk, and behind
  // the chunk order does not matter: an object of a million keys costs a heap of some hundred, not a sort.
  const std::size_t base = members_.size();
  const std::size_t seen = keep_smallest(object, without, sink_.room() / 2 + 1);
  const std::size_t top = members_.size();
  for (std::size_t i = base; i < top; ++i) {
    const Member member = members_[i];  // a copy: nested objects may move the stack
    write_member(member.key, member.value);
  }
  if (top - base < seen) {
    const Member last = members_[top - 1];
    std::uint32_t order = 0;
    for (const auto [key, value] : object) {
      if (left_out(key)) continue;
      if (last < Member{key, value, order++}) write_member(key, value);
    }
  }
  members_.resize(base);
  sink_.end();
}

// Puts the smallest `keep` members on the stack, sorted. Returns how many the object has. Few objects have more members
// than that; where one has, the stack's run becomes a heap whose front is the first to go.
std::size_t ValueWriter::keep_smallest(dom::object object, std::string_view without, std::size_t keep) {
  const std::size_t base = members_.size();
  const auto begin = [&] { return members_.begin() + static_cast<std::ptrdiff_t>(base); };
  std::uint32_t order = 0;
  for (const auto [key, value] : object) {
    if (!without.empty() && key == without) continue;
    const Member member{key, value, order++};
    if (order <= keep) {
      members_.push_back(member);
      continue;
    }
    if (order == keep + 1) std::make_heap(begin(), members_.end());
    if (members_[base] < member) continue;
    std::pop_heap(begin(), members_.end());
    members_.back() = member;
    std::push_heap(begin(), members_.end());
  }
  std::sort(begin(), members_.end());
  return order;
}

}  // namespace wp::prompt
