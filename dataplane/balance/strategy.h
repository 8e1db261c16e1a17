// What strategies share. Internal to balance: others call pick().
//
// A strategy is a function of PickInput; its pool has at least two pickable replicas. It returns nothing when all that
// it may take are excluded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/balance/pick.h"

namespace wp::balance {

[[nodiscard]] Pick pick_warm(const PickInput& input);
[[nodiscard]] Pick pick_kv(const PickInput& input);
[[nodiscard]] Pick pick_prefix(const PickInput& input);
[[nodiscard]] Pick pick_session(const PickInput& input);
[[nodiscard]] Pick pick_least_loaded(const PickInput& input);
[[nodiscard]] Pick pick_round_robin(const PickInput& input);

// Who is believed to hold what: whom it was sent to, or only who was told to.
enum class Belief : std::uint8_t { sent, told };
// The least expected cost, as pick_warm() has it, by what was told. Nothing where nobody that it would weigh is heard.
// The prompt has rungs.
[[nodiscard]] std::optional<Pick> pick_by_told(const PickInput& input);

// The ring's first for that key, which is decided by `first`; where it is over a bound or excluded, the first of the
// walk that is not; all over, the cheapest of them and of a few samples.
[[nodiscard]] Pick pick_on_ring(const PickInput& input, std::uint64_t key, Reason first);

// The replica at a position of the pool's `pickable`.
[[nodiscard]] inline const Replica& pickable_at(const PickInput& input, std::size_t position) {
  return input.snapshot.replicas[input.pool.pickable[position]];
}

[[nodiscard]] inline bool is_excluded(const PickInput& input, const Replica& replica) {
  // Mostly nobody is, and then the replica is not looked at.
  return !input.excluded.empty() &&
         std::find(input.excluded.begin(), input.excluded.end(), replica.ref) != input.excluded.end();
}

// Both accounts of the replica are within the bounds of its pool, which has `total` now.
[[nodiscard]] inline bool within_bounds(const PickInput& input, const Replica& replica, Load total) {
  const Load load = input.accounts.load(replica.ref.id);
  return Accounts::within(input.pool.bounds, load, total, replica.weight, input.pool.weight_sum);
}

// The first that is not excluded, from `start` on and around; nullptr when all are. Looks at one more than are
// excluded.
[[nodiscard]] const Replica* first_allowed(const PickInput& input, std::size_t start);

// Keeps the cheapest of those offered: the least prefill, then the least streams, both relative to weight. Of equals,
// the first offered. Ignores excluded ones.
class Cheapest {
 public:
  explicit Cheapest(const PickInput& input) : input_(input) {}

  void offer(const Replica& replica);
  // Offers up to `count` (at most kMaxSamples) different replicas drawn at random, in at most twice as many draws.
  static constexpr std::uint32_t kMaxSamples = 8;
  void offer_samples(std::uint32_t count);

  [[nodiscard]] const Replica* best() const { return best_; }

 private:
  const PickInput& input_;
  const Replica* best_ = nullptr;
  Load load_;
};

}  // namespace wp::balance
