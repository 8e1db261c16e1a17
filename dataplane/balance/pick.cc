#include "dataplane/balance/pick.h"

#include "dataplane/balance/strategy.h"

namespace wp::balance {

Pick pick(const PickInput& input) {
  return pick(input, input.pool.strategy);
}

Pick pick(const PickInput& input, Strategy strategy) {
  if (input.pool.pickable.empty()) return {};
  if (input.pool.pickable.size() == 1) {
    const Replica& only = pickable_at(input, 0);
    return is_excluded(input, only) ? Pick{} : Pick{&only, Reason::only_one};
  }
  switch (strategy) {
    case Strategy::prefix: return pick_prefix(input);
    case Strategy::least_loaded: return pick_least_loaded(input);
    case Strategy::round_robin: return pick_round_robin(input);
  }
  return {};
}

}  // namespace wp::balance
