// Who has a prefix, as a table of what is warm where answers it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace wp::balance {

struct Holder {
  std::uint32_t replica_id;
  std::uint32_t age;  // tokens its replica was given since, or kToldAge
};

// Of a holder that was told of: nothing is concluded from how long ago that was.
inline constexpr std::uint32_t kToldAge = UINT32_MAX;

// Those of one rung; what is behind them is not written, so that a lookup costs what it finds.
struct Holders {
  static constexpr std::uint32_t kMost = 8;
  std::array<Holder, kMost> all;
  std::uint32_t count;
  [[nodiscard]] std::span<const Holder> alive() const { return std::span(all).first(count); }
};

}  // namespace wp::balance
