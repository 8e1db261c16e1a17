// How strategies that ask nothing but the ring go on from its answer: bounded loads with a stable overflow.

#include "dataplane/balance/strategy.h"
#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

// Replicas beyond the walk that a saturated pick also considers.
constexpr std::uint32_t kSamplesBeyond = 4;

}  // namespace

Pick pick_on_ring(const PickInput& input, std::uint64_t key, Reason first) {
  WP_ASSERT(input.pool.ring != nullptr && input.pool.ring->members() == input.pool.pickable.size());
  const std::span<const std::uint16_t> walk = input.pool.ring->order(key);
  const Load total = input.accounts.total(input.pool.id);
  for (std::size_t i = 0; i < walk.size(); ++i) {
    const Replica& replica = pickable_at(input, walk[i]);
    if (is_excluded(input, replica) || !within_bounds(input, replica, total)) continue;
    if (i > 0) return {&replica, Reason::spill};
    return {&replica, first};
  }

  Cheapest cheapest(input);
  for (const std::uint16_t member : walk) cheapest.offer(pickable_at(input, member));
  if (input.pool.pickable.size() > walk.size()) cheapest.offer_samples(kSamplesBeyond);
  const Replica* replica = cheapest.best();
  if (replica == nullptr) replica = first_allowed(input, walk.front());
  return replica == nullptr ? Pick{} : Pick{replica, Reason::saturated};
}

}  // namespace wp::balance
