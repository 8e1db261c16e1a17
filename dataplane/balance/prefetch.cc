#include "dataplane/balance/pick.h"
#include "dataplane/balance/rung_lines.h"

namespace wp::balance {
namespace {

// Where there is time, as many rungs as may be as new as the last turn.
constexpr std::uint32_t kAnnouncedRungs = 4;

}  // namespace

void prefetch(const Pool& pool, const Residency& residency, const prompt::Features& features) {
  if (features.ladder.empty() || pool.ring == nullptr) return;
  if (pool.strategy != Strategy::warm && pool.strategy != Strategy::kv) return;
  const Belief belief = pool.strategy == Strategy::kv ? Belief::told : Belief::sent;
  RungLines(features, residency, belief, kAnnouncedRungs).ask_ring(*pool.ring);
}

}  // namespace wp::balance
