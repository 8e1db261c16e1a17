// The members of a JSON object that somebody reads, found in one pass; one that stands twice is refused, because
// engines keep the last and other parsers the first.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <simdjson.h>

#include "dataplane/base/assert.h"
#include "dataplane/base/result.h"

namespace wp::prompt {

// Names to numbers, by length first: most keys of a body are decided without comparing a byte.
template <std::size_t N>
class KeyTable {
 public:
  consteval explicit KeyTable(const std::array<std::string_view, N>& names) : names_(names) {
    std::size_t filled = 0;
    for (std::size_t length = 0; length <= kLongest; ++length) {
      first_[length] = static_cast<std::uint8_t>(filled);
      for (std::size_t i = 0; i < N; ++i) {
        if (names[i].size() == length) by_length_[filled++] = static_cast<std::uint8_t>(i);
      }
    }
    first_[kLongest + 1] = static_cast<std::uint8_t>(filled);
    WP_ASSERT(filled == N);  // no name is longer than kLongest; stops the compiler
  }

  // The index of the name; N when unknown.
  [[nodiscard]] constexpr std::size_t find(std::string_view key) const {
    if (key.size() > kLongest) return N;
    for (std::size_t i = first_[key.size()]; i < first_[key.size() + 1]; ++i) {
      if (names_[by_length_[i]] == key) return by_length_[i];
    }
    return N;
  }

 private:
  static constexpr std::size_t kLongest = 24;

  std::array<std::string_view, N> names_;
  std::array<std::uint8_t, N> by_length_{};
  std::array<std::uint8_t, kLongest + 2> first_{};
};

// `Key`: an enum that numbers the names of a KeyTable<N> from 0.
template <class Key, std::size_t N>
class Members {
 public:
  // Errors: repeated_key, at which repeated() is the member's number.
  [[nodiscard]] Result<void> read(simdjson::dom::object object, const KeyTable<N>& table) {
    present_.fill(false);
    std::uint32_t ordinal = 0;
    for (const auto [key, value] : object) {
      const std::size_t index = table.find(key);
      if (index < N) {
        if (present_[index]) {
          repeated_ = ordinal;
          return fail(Reason::repeated_key);
        }
        present_[index] = true;
        values_[index] = value;
        ordinals_[index] = ordinal;
      }
      ++ordinal;
    }
    return {};
  }

  // The value; nullptr when absent or null, which every engine takes for absent.
  [[nodiscard]] const simdjson::dom::element* find(Key key) const {
    const auto index = static_cast<std::size_t>(key);
    return present_[index] && !values_[index].is_null() ? &values_[index] : nullptr;
  }

  // Whether it is there, null or not.
  [[nodiscard]] bool has(Key key) const { return present_[static_cast<std::size_t>(key)]; }

  // As find(), for a value that must be a string: bad_field when it is not. An absent one is an empty view.
  [[nodiscard]] Result<std::string_view> text(Key key) const {
    const simdjson::dom::element* value = find(key);
    if (value == nullptr) return std::string_view{};
    std::string_view text;
    if (value->get_string().get(text) != simdjson::SUCCESS) return fail(Reason::bad_field);
    return text;
  }

  // The member's number in the object, from 0, if it is there; else 0.
  [[nodiscard]] std::uint32_t ordinal(Key key) const {
    const auto index = static_cast<std::size_t>(key);
    return present_[index] ? ordinals_[index] : 0;
  }
  [[nodiscard]] std::uint32_t repeated() const { return repeated_; }

 private:
  std::array<bool, N> present_{};
  std::array<std::uint32_t, N> ordinals_;
  std::array<simdjson::dom::element, N> values_;
  std::uint32_t repeated_ = 0;
};

}  // namespace wp::prompt
