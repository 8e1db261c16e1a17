#include "dataplane/balance/seal.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

void index_ids(Snapshot& snapshot) {
  WP_ASSERT(snapshot.replicas.size() < kNoReplica);
  std::uint32_t ids = 0;
  for (const Replica& replica : snapshot.replicas) ids = std::max(ids, replica.ref.id + 1);
  snapshot.by_id.assign(ids, kNoReplica);
  for (std::size_t i = 0; i < snapshot.replicas.size(); ++i) {
    const Replica& replica = snapshot.replicas[i];
    WP_ASSERT(replica.ref.valid() && snapshot.by_id[replica.ref.id] == kNoReplica);
    WP_ASSERT(replica.weight >= 1 && replica.weight <= kMaxWeight);
    snapshot.by_id[replica.ref.id] = static_cast<std::uint16_t>(i);
  }
}

// Members of the lowest priority that has any, ascending by identity as the ring numbers them.
void choose_pickable(const Snapshot& snapshot, Pool& pool) {
  struct Chosen {
    std::uint64_t identity;
    std::uint16_t index;
    bool operator<(const Chosen& other) const {
      return std::tie(identity, index) < std::tie(other.identity, other.index);
    }
  };
  std::vector<Chosen> chosen;
  std::uint8_t priority = UINT8_MAX;
  for (const std::uint16_t index : pool.members) {
    WP_ASSERT(index < snapshot.replicas.size());
    const Replica& replica = snapshot.replicas[index];
    if (!replica.pickable() || replica.priority > priority) continue;
    if (replica.priority < priority) chosen.clear();
    priority = replica.priority;
    chosen.push_back({ring_identity(replica.name), index});
  }
  std::sort(chosen.begin(), chosen.end());
  pool.pickable.clear();
  pool.pickable_bits.assign(snapshot.replicas.size() / 64 + 1, 0);
  for (const Chosen& one : chosen) {
    pool.pickable.push_back(one.index);
    pool.pickable_bits[one.index / 64] |= std::uint64_t{1} << (one.index % 64);
  }
}

void add_weights(const Snapshot& snapshot, Pool& pool) {
  pool.weight_sum = 0;
  pool.heaviest = 0;
  pool.cumulative.clear();
  bool equal = true;
  for (const std::uint16_t index : pool.pickable) {
    const std::uint32_t weight = snapshot.replicas[index].weight;
    equal = equal && weight == snapshot.replicas[pool.pickable.front()].weight;
    pool.heaviest = std::max(pool.heaviest, weight);
    pool.weight_sum += weight;
    pool.cumulative.push_back(pool.weight_sum);
  }
  if (equal) pool.cumulative.clear();
}

// Exact names first, ascending for the search; then beginnings, so that the longest that fits is met first.
void order_routes(Snapshot& snapshot) {
  for (const Route& route : snapshot.routes) WP_ASSERT(route.pool < snapshot.pools.size());
  const auto beginnings =
      std::ranges::stable_partition(snapshot.routes, [](const Route& route) { return !is_beginning(route.model); });
  snapshot.exact_routes = snapshot.routes.size() - beginnings.size();
  std::ranges::sort(snapshot.routes.begin(), beginnings.begin(), {}, &Route::model);
  std::ranges::stable_sort(beginnings, std::greater{},
                           [](const Route& route) { return beginning(route.model).size(); });
}

}  // namespace

void seal(Snapshot& snapshot) {
  index_ids(snapshot);
  order_routes(snapshot);
  snapshot.keys = prompt::Keys::unnamed;
  for (Pool& pool : snapshot.pools) {
    if (keys_for(pool.strategy) == prompt::Keys::always) snapshot.keys = prompt::Keys::always;
    choose_pickable(snapshot, pool);
    add_weights(snapshot, pool);
  }
}

std::vector<RingMember> ring_members(const Snapshot& snapshot, const Pool& pool) {
  std::vector<RingMember> members;
  members.reserve(pool.pickable.size());
  for (const std::uint16_t index : pool.pickable) {
    const Replica& replica = snapshot.replicas[index];
    members.push_back({ring_identity(replica.name), replica.weight});
  }
  return members;
}

}  // namespace wp::balance
