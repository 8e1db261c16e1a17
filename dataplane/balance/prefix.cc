// prefix: the ring on the session key, or on the prompt's first chunk where there is none, with bounded loads. Warm
// without knowing any cache: the same key finds the same replica, and its overflow the same next one.

#include "dataplane/balance/strategy.h"
#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

// Replicas beyond the walk that a saturated pick also considers.
constexpr std::uint32_t kSamplesBeyond = 4;

}  // namespace

Pick pick_prefix(const PickInput& input) {
  const bool by_session = input.features.session != 0;
  const std::uint64_t key = by_session ? input.features.session : input.features.first_chunk;
  // Without any key every request would fall on one slot.
  if (key == 0) return pick_least_loaded(input);

  WP_ASSERT(input.pool.ring != nullptr && input.pool.ring->members() == input.pool.pickable.size());
  const std::span<const std::uint16_t> walk = input.pool.ring->order(key);
  const Load total = input.accounts.total(input.pool.id);
  for (std::size_t i = 0; i < walk.size(); ++i) {
    const Replica& replica = pickable_at(input, walk[i]);
    if (is_excluded(input, replica) || !within_bounds(input, replica, total)) continue;
    if (i > 0) return {&replica, Reason::spill};
    return {&replica, by_session ? Reason::session : Reason::prefix};
  }

  Cheapest cheapest(input);
  for (const std::uint16_t member : walk) cheapest.offer(pickable_at(input, member));
  if (input.pool.pickable.size() > walk.size()) cheapest.offer_samples(kSamplesBeyond);
  const Replica* replica = cheapest.best();
  if (replica == nullptr) replica = first_allowed(input, walk.front());
  return replica == nullptr ? Pick{} : Pick{replica, Reason::saturated};
}

}  // namespace wp::balance
