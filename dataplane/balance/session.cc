// session: the ring on the session key, or where none was sent on what stands for one: the prompt to the end of the
// user's first turn. A conversation stays together however long it grows, and those that only begin alike are spread,
// which `prefix` would send to one place.

#include "dataplane/balance/strategy.h"

namespace wp::balance {

Pick pick_session(const PickInput& input) {
  if (input.features.session != 0) return pick_on_ring(input, input.features.session, Reason::session);
  const std::uint64_t derived = input.features.derived_session;
  // Without any key every request would fall on one slot.
  if (derived == 0) return pick_least_loaded(input);
  return pick_on_ring(input, derived, Reason::session);
}

}  // namespace wp::balance
