// Whether a shard takes on more: closed while any of its pools is nearly used up, so that new connections wait in the
// kernel's queue instead of being refused by a shard that has nothing to serve them with.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/base/counters.h"

namespace wp::stream {

enum class PoolName : std::uint8_t { ports, nodes, receive, slabs, heads, bodies, clients };
inline constexpr std::size_t kPoolNames = 7;

[[nodiscard]] constexpr std::string_view word(PoolName pool) {
  constexpr std::array<std::string_view, kPoolNames> kWords = {"ports", "nodes",  "receive", "slabs",
                                                               "heads", "bodies", "clients"};
  return kWords[static_cast<std::size_t>(pool)];
}

class Admission {
 public:
  // How much of a pool is free now. With a sixteenth or less of it accepting stops, with more than an eighth it goes
  // on: the distance keeps one connection that comes and goes from switching it each turn.
  void look(PoolName pool, std::uint32_t free, std::uint32_t total) {
    if (free <= total / 16) {
      set(pool, true);
    } else if (free > total / 8) {
      set(pool, false);
    }
  }

  // For a pool that nothing but accepting draws on, so that none of it need be left.
  void set(PoolName pool, bool used_up) {
    const auto bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(pool));
    if (used_up && (closed_by_ & bit) == 0) pauses_[static_cast<std::size_t>(pool)].add();
    closed_by_ = static_cast<std::uint8_t>(used_up ? closed_by_ | bit : closed_by_ & ~bit);
  }

  [[nodiscard]] bool open() const { return closed_by_ == 0; }
  // Times that this pool stopped accepting.
  [[nodiscard]] const Counter& pauses(PoolName pool) const { return pauses_[static_cast<std::size_t>(pool)]; }

 private:
  std::uint8_t closed_by_ = 0;  // a bit a pool
  std::array<Counter, kPoolNames> pauses_{};
};

}  // namespace wp::stream
