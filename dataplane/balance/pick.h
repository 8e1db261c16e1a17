// The one question: which replica for this request, and why.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/balance/accounts.h"
#include "dataplane/balance/snapshot.h"
#include "dataplane/base/reasons.h"
#include "dataplane/base/rng.h"

namespace wp::balance {

// What a strategy may look at.
struct PickInput {
  const Snapshot& snapshot;
  const Pool& pool;
  const Accounts& accounts;
  Rng& rng;
  std::uint32_t& turn;        // the shard's position in this pool; each pick moves it. One a pool, or pools that are
                              // asked in step would each keep to every second of their replicas
  std::uint64_t session = 0;  // Features::session
  std::uint64_t first_chunk = 0;
  std::uint32_t tokens = 1;                   // estimated prompt tokens
  std::span<const ReplicaRef> excluded = {};  // tried and failed for this very request
};

struct Pick {
  const Replica* replica = nullptr;  // nullptr: no replica can be picked
  Reason decision = Reason::none;    // of kind decide
};

// Picks by the pool's strategy, or by the one given: requests without a prompt go to a least-loaded replica. Does not
// charge. Looks at no more than 16 replicas plus the excluded ones, whatever the size of the pool; round_robin with
// unequal weights adds a binary search. `prefix` needs Pool::ring, and without any key does as least_loaded.
[[nodiscard]] Pick pick(const PickInput& input);
[[nodiscard]] Pick pick(const PickInput& input, Strategy strategy);

}  // namespace wp::balance
