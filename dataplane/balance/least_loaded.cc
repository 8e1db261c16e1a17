// least_loaded: the cheapest of all in a small pool, of a few samples in a large one. For requests whose place does not
// matter, and for pools that keep no cache.

#include "dataplane/balance/strategy.h"

namespace wp::balance {
namespace {

constexpr std::size_t kScanAll = 16;
// More than the classic two: the accounts are exact and near, so looking is cheap, and weights make two unlike.
constexpr std::uint32_t kSamples = 4;

}  // namespace

Pick pick_least_loaded(const PickInput& input) {
  const std::size_t size = input.pool.pickable.size();
  const std::size_t start = input.turn++ % size;
  Cheapest cheapest(input);
  if (size <= kScanAll) {
    // From another one each time: of equals the first offered is taken, and they are to share.
    for (std::size_t i = 0; i < size; ++i) cheapest.offer(pickable_at(input, (start + i) % size));
  } else {
    cheapest.offer_samples(kSamples);
  }
  const Replica* replica = cheapest.best();
  if (replica == nullptr) replica = first_allowed(input, start);
  return replica == nullptr ? Pick{} : Pick{replica, Reason::least_loaded};
}

}  // namespace wp::balance
