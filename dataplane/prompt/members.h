// The members of a JSON object that somebody reads, found in one pass; one that stands twice is refused, because
// engines keep the last and other parsers the first.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/base/assert.h"
#include "dataplane/base/result.h"
#include "dataplane/prompt/tape.h"

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
      const std::string_view name = names_[by_length_[i]];
      if (name.front() == key.front() && name == key) return by_length_[i];
    }
    return N;
  }

 private:
  static constexpr std::size_t kLongest = 24;

  std::array<std::string_view, N> names_;
  std::array<std::uint8_t, N> by_length_{};
  std::array<std::uint8_t, kLongest + 2> first_{};
};

// An object that somebody looks for members in may have no more: the looking is one step of work.
inline constexpr std::uint32_t kMostMembers = 1024;

// `Key`: an enum that numbers the names of a KeyTable<N> from 0.
template <class Key, std::size_t N>
class Members {
 public:
  // Errors: repeated_key, at which repeated() is the member's number; bad_field, of more than kMostMembers.
  [[nodiscard]] Result<void> read(Value object, const KeyTable<N>& table) {
    found_ = 0;
    if (object.size() > kMostMembers) return fail(Reason::bad_field);
    Value key = object.first();
    for (std::uint32_t ordinal = 0; ordinal < object.size(); ++ordinal) {
      const Value value = key.next();
      const std::size_t index = table.find(key.text());
      if (index < N) {
        const std::uint64_t bit = std::uint64_t{1} << index;
        if ((found_ & bit) != 0) {
          repeated_ = ordinal;
          return fail(Reason::repeated_key);
        }
        found_ |= bit;
        nodes_[index] = value.node();
        ordinals_[index] = static_cast<std::uint16_t>(ordinal);
      }
      key = value.next();
    }
    return {};
  }

  // The value; none when absent or null, which every engine takes for absent.
  [[nodiscard]] Value find(Key key) const {
    if (!has(key)) return {};
    // By pointer: gcc 12 merges this function of two tables, then warns of the smaller one's bounds.
    const Value value(nodes_.data()[static_cast<std::size_t>(key)]);
    return value.is(Kind::null) ? Value() : value;
  }

  // Whether it is there, null or not.
  [[nodiscard]] bool has(Key key) const { return (found_ & bit(key)) != 0; }

  // As find(), for a value that must be a string: bad_field when it is not. An absent one is an empty view.
  [[nodiscard]] Result<std::string_view> text(Key key) const {
    const Value value = find(key);
    if (!value.exists()) return std::string_view{};
    if (!value.is(Kind::text)) return fail(Reason::bad_field);
    return value.text();
  }

  // The member's number in the object, from 0, if it is there; else 0.
  [[nodiscard]] std::uint32_t ordinal(Key key) const { return has(key) ? ordinals_[static_cast<std::size_t>(key)] : 0; }
  [[nodiscard]] std::uint32_t repeated() const { return repeated_; }

 private:
  static_assert(N <= 64);
  [[nodiscard]] static std::uint64_t bit(Key key) { return std::uint64_t{1} << static_cast<std::size_t>(key); }

  std::uint64_t found_ = 0;
  // Of those found, so that looking costs what there is and not what there may be.
  std::array<const Node*, N> nodes_{};
  std::array<std::uint16_t, N> ordinals_;
  std::uint32_t repeated_ = 0;
};

}  // namespace wp::prompt
