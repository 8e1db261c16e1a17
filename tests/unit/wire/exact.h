// Bytes for tests: from hex, and in heap blocks of exactly their size, so that the address sanitizer sees each read or
// write past them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/base/assert.h"
#include "dataplane/wire/field.h"

namespace wp::wire::test {

class Exact {
 public:
  explicit Exact(std::size_t size) : memory_(new std::byte[size]{}), size_(size) {}
  explicit Exact(Bytes bytes) : Exact(bytes.size()) { std::ranges::copy(bytes, memory_.get()); }

  [[nodiscard]] Bytes bytes() const { return {memory_.get(), size_}; }
  [[nodiscard]] MutableBytes out() { return {memory_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t size_;
};

// Digits in pairs; spaces are free.
[[nodiscard]] inline std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  unsigned digits = 0;
  unsigned value = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    const std::size_t digit = std::string_view("0123456789abcdef").find(c);
    WP_ASSERT(digit != std::string_view::npos);
    value = value * 16 + static_cast<unsigned>(digit);
    if (++digits % 2 == 0) bytes.push_back(static_cast<std::byte>(value & 0xffU));
  }
  WP_ASSERT(digits % 2 == 0);
  return bytes;
}

[[nodiscard]] inline Bytes text_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// What a value writes of itself, into memory of exactly that size.
template <class T, class... Arguments>
[[nodiscard]] Exact emitted(const T& value, const Arguments&... arguments) {
  Exact out(value.length());
  value.emit(out.out(), arguments...);
  return out;
}

}  // namespace wp::wire::test
