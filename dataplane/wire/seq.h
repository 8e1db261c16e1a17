// TCP's sequence numbers, which wrap: a type of their own, so that nobody compares them as integers.
#pragma once

#include <cstdint>

namespace wp::wire {

// RFC 9293, section 3.4: "all arithmetic dealing with sequence numbers must be performed modulo 2**32". One number
// comes before another when it is less than 2^31 behind it. This is no order: it is not transitive, and of two numbers
// exactly 2^31 apart each comes before the other, so that code must keep what it compares within half the space
// (windows of RFC 7323 are below 2^30).
class SeqNumber {
 public:
  constexpr SeqNumber() = default;
  constexpr explicit SeqNumber(std::uint32_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }

  constexpr SeqNumber& operator+=(std::uint32_t n) {
    value_ += n;
    return *this;
  }
  constexpr SeqNumber& operator-=(std::uint32_t n) {
    value_ -= n;
    return *this;
  }
  friend constexpr SeqNumber operator+(SeqNumber a, std::uint32_t n) { return a += n; }
  friend constexpr SeqNumber operator-(SeqNumber a, std::uint32_t n) { return a -= n; }

  // How far `a` is ahead of `b`; negative when it is behind.
  friend constexpr std::int32_t operator-(SeqNumber a, SeqNumber b) {
    return static_cast<std::int32_t>(a.value_ - b.value_);
  }

  friend constexpr bool operator==(SeqNumber, SeqNumber) = default;
  friend constexpr bool operator<(SeqNumber a, SeqNumber b) { return a - b < 0; }
  friend constexpr bool operator>(SeqNumber a, SeqNumber b) { return b < a; }
  friend constexpr bool operator<=(SeqNumber a, SeqNumber b) { return a == b || a < b; }
  friend constexpr bool operator>=(SeqNumber a, SeqNumber b) { return a == b || b < a; }

  // Whether it lies in [begin, begin + length); a window may be as wide as the whole space less one.
  [[nodiscard]] constexpr bool in_window(SeqNumber begin, std::uint32_t length) const {
    return value_ - begin.value_ < length;
  }

 private:
  std::uint32_t value_ = 0;
};

[[nodiscard]] constexpr SeqNumber earlier(SeqNumber a, SeqNumber b) {
  return b < a ? b : a;
}
[[nodiscard]] constexpr SeqNumber later(SeqNumber a, SeqNumber b) {
  return a < b ? b : a;
}

}  // namespace wp::wire
