#include "tools/lab/rivals/hashed.h"

#include "dataplane/balance/ring.h"
#include "dataplane/base/rng.h"

namespace wp::lab {

balance::Pick pick_hashed(const balance::PickInput& input, Candidates& candidates, std::uint64_t key) {
  const balance::Replica* best = nullptr;
  std::uint64_t highest = 0;
  for (const std::uint16_t position : candidates.of(input)) {
    const balance::Replica& replica = input.snapshot.replicas[position];
    const std::uint64_t score = mix64(mix64(key) ^ balance::ring_identity(replica.name));
    if (best != nullptr && score <= highest) continue;
    best = &replica;
    highest = score;
  }
  return best == nullptr ? balance::Pick{} : balance::Pick{best, Reason::prefix};
}

}  // namespace wp::lab
