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
  if (object.size() > kMostSorted) {
    for (const auto [key, value] : object) {
      if (!left_out(key)) write_member(key, value);
    }
    sink_.end();
    return;
  }
  const std::size_t base = members_.size();
  for (const auto [key, value] : object) {
    if (!left_out(key)) members_.push_back({key, value, static_cast<std::uint32_t>(members_.size())});
  }
  const auto run = members_.begin() + static_cast<std::ptrdiff_t>(base);
  if (!std::is_sorted(run, members_.end())) std::sort(run, members_.end());
  const std::size_t top = members_.size();
  for (std::size_t i = base; i < top; ++i) {
    const Member member = members_[i];  // a copy: nested objects may move the stack
    write_member(member.key, member.value);
  }
  members_.resize(base);
  sink_.end();
}

}  // namespace wp::prompt
