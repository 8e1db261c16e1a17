#include "dataplane/balance/snapshot.h"

#include <algorithm>
#include <array>
#include <span>

#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

constexpr std::array kStrategies = {Strategy::warm,    Strategy::kv,           Strategy::prefix,
                                    Strategy::session, Strategy::least_loaded, Strategy::round_robin};

}  // namespace

std::string_view beginning(std::string_view pattern) {
  return pattern.substr(0, pattern.empty() ? 0 : pattern.size() - 1);
}

std::string_view word(Strategy strategy) {
  switch (strategy) {
    case Strategy::warm: return "warm";
    case Strategy::kv: return "kv";
    case Strategy::prefix: return "prefix";
    case Strategy::session: return "session";
    case Strategy::least_loaded: return "least-loaded";
    case Strategy::round_robin: return "round-robin";
  }
  return "?";
}

bool parse_strategy(std::string_view text, Strategy& strategy) {
  for (const Strategy known : kStrategies) {
    if (word(known) != text) continue;
    strategy = known;
    return true;
  }
  return false;
}

std::string_view word(ReplicaState state) {
  switch (state) {
    case ReplicaState::up: return "up";
    case ReplicaState::starting: return "starting";
    case ReplicaState::draining: return "draining";
    case ReplicaState::down: return "down";
  }
  return "?";
}

const Pool* Snapshot::route(std::string_view model) const {
  const Route* found = route_of(model);
  return found == nullptr ? nullptr : &pools[found->pool];
}

const Route* Snapshot::route_of(std::string_view model) const {
  const std::span<const Route> all(routes);
  const auto exact = all.first(exact_routes);
  const auto found = std::ranges::lower_bound(exact, model, {}, &Route::model);
  if (found != exact.end() && found->model == model) return &*found;
  for (const Route& route : all.subspan(exact_routes)) {
    if (model.starts_with(beginning(route.model))) return &route;
  }
  return nullptr;
}

const Replica* Snapshot::find(ReplicaRef ref) const {
  if (!ref.valid() || ref.id >= by_id.size() || by_id[ref.id] == kNoReplica) return nullptr;
  const Replica& replica = replicas[by_id[ref.id]];
  return replica.ref == ref ? &replica : nullptr;
}

}  // namespace wp::balance
