#include "tools/lab/router.h"

#include <algorithm>

namespace wp::lab {

std::span<const std::uint16_t> Candidates::of(const balance::PickInput& input) {
  positions_.clear();
  for (const std::uint16_t position : input.pool.pickable) {
    const balance::ReplicaRef ref = input.snapshot.replicas[position].ref;
    if (std::ranges::find(input.excluded, ref) == input.excluded.end()) positions_.push_back(position);
  }
  std::ranges::sort(positions_);
  return positions_;
}

}  // namespace wp::lab
