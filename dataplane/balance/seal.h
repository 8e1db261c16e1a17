// The last step of the control thread before it publishes a Snapshot: everything that follows from what it put in.
#pragma once

#include <vector>

#include "dataplane/balance/ring.h"
#include "dataplane/balance/snapshot.h"

namespace wp::balance {

// Makes Snapshot::by_id and `keys`, the order of the routes, and of every pool `pickable`, `pickable_bits`,
// `weight_sum` and `cumulative`. The caller has filled replicas (fewer than kNoReplica, refs valid, ids unique,
// weights 1..kMaxWeight) and pools with their `members`; rings come afterwards:
//   seal(snapshot);
//   for each pool whose strategy is with_ring(): builder.assign(ring_members(snapshot, pool)), pool.ring =
//   builder.build();
// where the builder is the pool's own and lives on, so that a change costs only its own slots.
void seal(Snapshot& snapshot);

// The pool's pickable replicas as members of its ring, in the order that Ring numbers them.
[[nodiscard]] std::vector<RingMember> ring_members(const Snapshot& snapshot, const Pool& pool);

}  // namespace wp::balance
