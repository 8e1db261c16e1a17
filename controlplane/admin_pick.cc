#include "controlplane/admin_pick.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "controlplane/clock.h"
#include "dataplane/base/rng.h"

namespace wp::control {

balance::Explanation explain_now(const balance::Snapshot& snapshot, const balance::Pool& pool, const Known& known,
                                 const prompt::Features& features) {
  Rng rng(features.first_chunk);
  std::uint32_t turn = 0;
  return balance::explain({.snapshot = snapshot,
                           .pool = pool,
                           .accounts = known.accounts,
                           .rng = rng,
                           .turn = turn,
                           .now = monotonic_now(),
                           .features = features,
                           .residency = known.residency});
}

nlohmann::json describe_load(const balance::Considered& entry) {
  return {{"replica", entry.replica->name},       {"weight", entry.replica->weight},
          {"within_bounds", entry.within},        {"streams", entry.load.streams},
          {"streams_bound", entry.bound.streams}, {"prefill_tokens", entry.load.prefill},
          {"prefill_bound", entry.bound.prefill}};
}

const balance::Pool* find_pool(const balance::Snapshot& snapshot, std::string_view name) {
  const auto found = std::ranges::find_if(snapshot.pools, [&](const balance::Pool& pool) { return pool.name == name; });
  return found == snapshot.pools.end() ? nullptr : &*found;
}

}  // namespace wp::control
