#include "controlplane/config/settings.h"

namespace wp::control {

std::string_view word(TransportChoice choice) {
  switch (choice) {
    case TransportChoice::automatic: return "auto";
    case TransportChoice::io_uring: return "io_uring";
    case TransportChoice::epoll: return "epoll";
  }
  return "?";
}

std::vector<Contradiction> contradictions(const Settings& settings) {
  std::vector<Contradiction> found;
  const AdminSettings& admin = settings.admin;
  if (admin.control_listen && admin.control_token_file.empty()) {
    found.push_back({"admin.control_listen", "--control-listen",
                     "a token file is wanted, too: without a token anybody who reaches " +
                         wp::to_string(*admin.control_listen) + " could change the replicas"});
  }
  if (!admin.control_listen && !admin.control_token_file.empty()) {
    found.push_back(
        {"admin.control_token_file", "--control-token-file", "a token file is of use with a control address only"});
  }
  if (admin.control_socket.empty() && !admin.control_group.empty()) {
    found.push_back({"admin.control_group", "--control-group", "a group is of use with a control socket only"});
  }
  if (settings.server.user.empty() && !settings.server.group.empty()) {
    found.push_back({"server.group", "--group", "a group is of use with a user only"});
  }
  if (settings.feeds.run && settings.feeds.fresh <= settings.feeds.interval) {
    found.push_back({"feeds.fresh", "", "each report would be too old before the next: it is above feeds.interval"});
  }
  return found;
}

Endpoint default_listen() {
  return parse_endpoint("0.0.0.0:8080").value();
}

std::vector<ReplicaSpec> all_replicas(const Settings& settings) {
  std::vector<ReplicaSpec> all;
  for (const PoolSettings& pool : settings.pools) {
    for (const ReplicaSpec& replica : pool.replicas) all.emplace_back(replica).pool = pool.name;
  }
  return all;
}

std::vector<RouteSettings> all_routes(const Settings& settings) {
  std::vector<RouteSettings> all = settings.routes;
  for (const PoolSettings& pool : settings.pools) {
    for (const std::string& model : pool.models) all.push_back({model, pool.name});
  }
  if (all.empty() && settings.pools.size() == 1) all.push_back({"*", settings.pools.front().name});
  return all;
}

}  // namespace wp::control
