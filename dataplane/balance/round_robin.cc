// round_robin: the next in turn, in proportion to weight. The state is one number a shard, not one a replica: with
// unequal weights the turn is mapped to a point on the line of all weights, by steps of the golden ratio, whose first
// n points are evenly spread for every n (three-distance theorem).

#include <algorithm>

#include "dataplane/balance/strategy.h"

namespace wp::balance {

Pick pick_round_robin(const PickInput& input) {
  const Pool& pool = input.pool;
  const std::uint32_t turn = input.turn++;
  std::size_t position = turn % pool.pickable.size();
  if (!pool.cumulative.empty()) {
    __extension__ using Wide = unsigned __int128;
    const std::uint64_t fraction = turn * 0x9e3779b97f4a7c15ULL;  // turn / golden ratio modulo 1, in 2^-64
    const auto point = static_cast<std::uint64_t>((Wide{fraction} * pool.weight_sum) >> 64U);
    const auto found = std::upper_bound(pool.cumulative.begin(), pool.cumulative.end(), point);
    position = static_cast<std::size_t>(found - pool.cumulative.begin());
  }
  const Replica* replica = first_allowed(input, position);
  return replica == nullptr ? Pick{} : Pick{replica, Reason::round_robin};
}

}  // namespace wp::balance
