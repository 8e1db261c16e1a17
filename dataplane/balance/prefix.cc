// prefix: the ring on the session key, or on the prompt's first chunk where there is none, with bounded loads. Warm
// without knowing any cache: the same key finds the same replica, and its overflow the same next one.

#include "dataplane/balance/strategy.h"

namespace wp::balance {

Pick pick_prefix(const PickInput& input) {
  if (input.features.session != 0) return pick_on_ring(input, input.features.session, Reason::session);
  // Without any key every request would fall on one slot.
  if (input.features.first_chunk == 0) return pick_least_loaded(input);
  return pick_on_ring(input, input.features.first_chunk, Reason::prefix);
}

}  // namespace wp::balance
