// Replays a trace against a fleet through one strategy, in simulated time.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/base/reasons.h"
#include "tools/lab/fleet_event.h"
#include "tools/lab/gateway.h"
#include "tools/lab/replica_model.h"
#include "tools/lab/strategies.h"
#include "tools/lab/trace.h"

namespace wp::lab {

// A hash of sessions is one draw of many: over seeds 0 to 40 it puts 1.03 to 1.14 times the mean on the busiest of
// eight replicas (Mooncake's conversations, endless caches). This seed's draw is near the one that others have
// published.
inline constexpr std::uint64_t kDefaultSeed = 2;

// What replicas tell the gateways: nothing; what their engines count, every two seconds; how much of each prompt was
// cached, in its reply; what their caches hold.
enum class Knowledge : std::uint8_t { nothing, counters, receipts, capacity };

struct SimulationConfig {
  std::uint32_t replicas = 8;
  std::uint32_t gateways = 1;  // requests go to them in turn
  double speed = 1;            // the trace's arrivals, so many times as fast
  std::uint64_t seed = kDefaultSeed;
  ReplicaModelConfig replica;
  Knowledge knowledge = Knowledge::nothing;
  double whole_share = 0;  // of the replies, that are not streamed: their first byte comes when all is made
  balance::Bounds bounds;
  Duration detection = seconds(3);  // from a replica's death to the gateways' verdict
  std::vector<FleetEvent> events;   // event_problem() finds nothing wrong with them
};

// What became of a request.
struct Served {
  static constexpr std::uint32_t kNobody = UINT32_MAX;
  std::uint32_t replica = kNobody;
  Reason decision = Reason::none;
  std::uint32_t cached_blocks = 0;
  std::uint32_t uncached_tokens = 0;
  std::uint32_t expected_tokens = 0;  // the same, as it was charged
  std::uint32_t attempts = 0;
  Duration ttft;
  bool answered = false;  // wholly
};

struct ReplicaWork {
  std::uint64_t uncached_tokens = 0;  // prefilled, also for requests that were lost
  Duration present;                   // how long it could be picked
};

struct Outcome {
  std::vector<Served> served;             // by the trace's order
  std::vector<ReplicaWork> work;          // by the replica's number
  std::uint64_t refused_connections = 0;  // picks of a replica that was dead
};

[[nodiscard]] Outcome simulate(const Trace& trace, const SimulationConfig& config, const StrategyInfo& strategy);

}  // namespace wp::lab
