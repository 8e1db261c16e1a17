#include "controlplane/admin_status.h"

#include <array>
#include <cstdint>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "controlplane/process_figures.h"
#include "dataplane/balance/snapshot.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;
using balance::ReplicaState;

// Of the replies' keys: raised when one changes its meaning or goes, not when one is added.
constexpr int kAdminApiVersion = 1;

Json shards(const std::vector<ShardFigures>& figures) {
  Json list = Json::array();
  for (const ShardFigures& shard : figures) {
    list.push_back({{"shard", list.size()},
                    {"turns", shard.turns},
                    {"connections", shard.connections},
                    {"stalled", shard.stalled}});
  }
  return list;
}

Json pools(const balance::Snapshot& snapshot, const balance::Accounts& accounts) {
  Json list = Json::array();
  for (const balance::Pool& pool : snapshot.pools) {
    const balance::Load load = accounts.total(pool.id);
    list.push_back({{"name", pool.name},
                    {"strategy", balance::word(pool.strategy)},
                    {"replicas", pool.members.size()},
                    {"replicas_in_use", pool.pickable.size()},
                    {"prefill_tokens", load.prefill},
                    {"streams", load.streams}});
  }
  return list;
}

Json replicas(const Registry& registry) {
  Json counts = {{"total", registry.members().size()}, {"pickable", registry.pickable()}};
  for (const ReplicaState state :
       {ReplicaState::up, ReplicaState::starting, ReplicaState::draining, ReplicaState::down}) {
    counts[std::string(balance::word(state))] = 0;
  }
  for (const Member& member : registry.members()) {
    Json& count = counts[std::string(balance::word(member.state()))];
    count = count.get<std::uint64_t>() + 1;
  }
  return counts;
}

}  // namespace

AdminReply AdminStatus::handle(const AdminRequest& request) const {
  if (!request.reads()) return method_not_allowed("GET, HEAD");
  const Registry& registry = fleet_.registry();
  const std::vector<ShardFigures> figures = watch_.figures();
  std::uint64_t connections = 0;
  for (const ShardFigures& shard : figures) connections += shard.connections;
  Json status = {{"api", kAdminApiVersion},
                 {"version", exposition_.build().version},
                 {"transport", exposition_.build().transport},
                 {"pid", ::getpid()},
                 {"uptime_seconds", process_uptime().seconds()},
                 {"draining", registry.draining()},
                 {"snapshot", registry.version()},
                 {"shards", shards(figures)},
                 {"connections", connections},
                 {"requests_in_flight", exposition_.shard_metrics().sum("warmpath_requests_in_flight")},
                 {"pools", pools(fleet_.publisher().current(), accounts_)},
                 {"replicas", replicas(registry)}};
  if (const auto bytes = resident_bytes()) status["resident_bytes"] = *bytes;
  if (const auto files = open_files()) status["open_files"] = *files;
  for (const auto& [key, section] : sections_) status[key] = section();
  return json_reply(200, status);
}

}  // namespace wp::control
