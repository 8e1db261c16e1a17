// kv: by reports only. Whom to send a prompt to is weighed as `warm` weighs it, but a replica is believed to hold what
// a reporter told it to hold (doc/REPORTS.md), and what was sent there in the last seconds and is not told yet. Where
// nobody that it would weigh is reported of, or not lately, it goes by its own accounts alone: the ring, bounded.

#include "dataplane/balance/strategy.h"

namespace wp::balance {

Pick pick_kv(const PickInput& input) {
  if (input.features.ladder.empty()) return pick_session(input);
  const std::optional<Pick> weighed = pick_by_told(input);
  return weighed ? *weighed : pick_session(input);
}

}  // namespace wp::balance
