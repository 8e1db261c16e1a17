// The table of keys: every setting of the configuration file, in the order of the reference page.
#pragma once

#include <string_view>
#include <vector>

#include "controlplane/config/key.h"
#include "controlplane/config/settings.h"

namespace wp::control {

// Made once, at the first call.
[[nodiscard]] const std::vector<Key<Settings>>& settings_keys();
[[nodiscard]] const std::vector<Key<PoolSettings>>& pool_keys();    // of each [[pool]]
[[nodiscard]] const std::vector<Key<ReplicaSpec>>& replica_keys();  // of each [[pool.replica]]
[[nodiscard]] const std::vector<Key<RouteSettings>>& route_keys();  // of each [[route]]

// The lists of tables, by their paths.
inline constexpr std::string_view kPoolList = "pool";
inline constexpr std::string_view kReplicaList = "pool.replica";
inline constexpr std::string_view kRouteList = "route";

}  // namespace wp::control
