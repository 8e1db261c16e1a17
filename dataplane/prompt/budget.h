// What one call may do before it stops and goes on in the next: work counted in its cheapest unit, a byte of plain text
// that is scanned or hashed, some hundredths of a nanosecond. There is no clock here.
#pragma once

#include <cstdint>
#include <limits>

namespace wp::prompt {

class Budget {
 public:
  static constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

  explicit Budget(std::int64_t units) : left_(units) {}

  [[nodiscard]] bool spent() const { return left_ <= 0; }
  [[nodiscard]] std::int64_t left() const { return left_; }
  void spend(std::int64_t units) { left_ -= units; }

 private:
  std::int64_t left_;
};

// Measured, and rounded up.
inline constexpr std::int64_t kTokenCost = 128;   // of a value, bracket, comma or colon
inline constexpr std::int64_t kMemberCost = 128;  // of a member that is looked at, put in order or written

}  // namespace wp::prompt
