// What happens to replicas and gateways in the middle of a trace, and how the command line says it.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/base/time.h"

namespace wp::lab {

enum class FleetChange : std::uint8_t {
  join,       // one more replica, empty
  drain,      // gets no new requests, ends what it has
  undrain,    // gets requests again
  die,        // loses its requests and its cache; gateways find out by failing to connect
  come_back,  // a replica that died, empty
  restart,    // a gateway forgets all it knew
  handover,   // a gateway restarts, and the next process takes up its residency table
};

struct FleetEvent {
  Duration at;  // in simulated time
  FleetChange change = FleetChange::join;
  std::uint32_t who = 0;  // number of the replica, or of the gateway
};

// "600:drain:3": at 600 s replica 3 drains; likewise undrain, die, return, and restart:GATEWAY or handover:GATEWAY.
// "900:join" names nobody. The error is one line that quotes `text`.
[[nodiscard]] std::expected<FleetEvent, std::string> parse_fleet_event(std::string_view text);

// Why events cannot happen like this to a fleet that starts with so many, in one line; empty when they can. They must
// be in order of time.
[[nodiscard]] std::string event_problem(std::span<const FleetEvent> events, std::uint32_t replicas,
                                        std::uint32_t gateways);

}  // namespace wp::lab
