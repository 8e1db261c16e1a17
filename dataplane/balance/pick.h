// The one question: which replica for this request, and why.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/balance/accounts.h"
#include "dataplane/balance/receipt.h"
#include "dataplane/balance/residency.h"
#include "dataplane/balance/snapshot.h"
#include "dataplane/base/reasons.h"
#include "dataplane/base/rng.h"
#include "dataplane/base/time.h"
#include "dataplane/prompt/features.h"

namespace wp::balance {

struct Explanation;

// What a strategy may look at.
struct PickInput {
  const Snapshot& snapshot;
  const Pool& pool;
  const Accounts& accounts;
  Rng& rng;
  std::uint32_t& turn;  // the shard's position in this pool; each pick moves it. One a pool, or pools that are
                        // asked in step would each keep to every second of their replicas
  Instant now;
  const prompt::Features& features;
  Residency* residency = nullptr;             // needed by `warm` and `kv`
  std::span<const ReplicaRef> excluded = {};  // tried and failed for this very request
  Explanation* explanation = nullptr;         // told what is asked and weighed; never on a shard
};

struct Pick {
  const Replica* replica = nullptr;  // nullptr: no replica can be picked
  Reason decision = Reason::none;    // of kind decide
  std::uint32_t cached = 0;          // prompt tokens that the replica is believed to hold
  std::uint32_t age = 0;             // tokens it had to prefill since it was last seen to (Holder)
  std::uint32_t known = kNotKnown;   // prompt tokens that anybody may hold of what was sent from here; or kNotKnown
};

// What of the prompt the replica is believed to have to prefill, at least 1: the charge.
[[nodiscard]] std::uint32_t uncached_tokens(const PickInput& input, const Pick& pick);

// As soon as a request's features are known: asks for what its pick reads first of tables that no cache holds, which
// comes while other things are done. A pick that was not announced asks for it itself, and waits.
void prefetch(const Pool& pool, const Residency& residency, const prompt::Features& features);

// The hash of the last rung before the prompt's end, behind which its ending is noted; 0: there is none.
[[nodiscard]] std::uint64_t last_rung(const prompt::Features& features);

// The request went to the replica: what later picks may find there.
void remember(const PickInput& input, const Pick& pick);
// It was answered.
void learn(Residency& residency, const Receipt& receipt);

// Picks by the pool's strategy, or by the one given: requests without a prompt go to a least-loaded replica. Does not
// charge. Looks at no more than 16 replicas plus the excluded ones, whatever the size of the pool; round_robin with
// unequal weights adds a binary search. `prefix` and `session` need Pool::ring, and without any key do as least_loaded.
[[nodiscard]] Pick pick(const PickInput& input);
[[nodiscard]] Pick pick(const PickInput& input, Strategy strategy);

}  // namespace wp::balance
