// health: which replicas can be sent requests, found out by asking them. The state machine and its schedule are pure
// functions of check results and `now`; only check and prober touch sockets and timers. It may not know Snapshots,
// accounts or shards: a verdict goes to the Registry, which decides what follows from it, and no verdict ever touches
// a request that runs.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/base/time.h"

namespace wp::control {

// How the replicas of a pool are checked.
struct HealthPolicy {
  bool enabled = true;
  std::string path = "/health";    // asked with GET
  Duration interval = seconds(2);  // between two checks of a replica whose state is certain
  Duration timeout = seconds(1);   // from the connect to the reply's end
  std::uint32_t rise = 2;          // passed checks in a row that bring a replica up
  std::uint32_t fall = 3;          // failed checks in a row that take it down

  friend bool operator==(const HealthPolicy&, const HealthPolicy&) = default;
};

}  // namespace wp::control
