// Every change of the replicas goes through here: registry, Snapshot, shards, name lookups and the log, in that order.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "controlplane/publisher.h"
#include "controlplane/reclaimer.h"
#include "controlplane/registry.h"
#include "controlplane/resolver.h"
#include "dataplane/base/time.h"

namespace wp::control {

enum class FleetFault : std::uint8_t { unknown, conflict, full };

struct FleetError {
  FleetFault fault = FleetFault::unknown;
  std::string text;  // one clear line
};

using FleetResult = std::expected<void, FleetError>;

// Control thread only; everything handed in outlives it. When a change returns, the Snapshot that holds it is
// published.
class Fleet {
 public:
  Fleet(boost::asio::io_context& io, Registry& registry, Publisher& publisher, Duration resolve_interval);

  // The replicas of the command line, in one Snapshot. Also publishes when there are none.
  [[nodiscard]] FleetResult start(std::span<const ReplicaSpec> specs);
  [[nodiscard]] FleetResult add(const ReplicaSpec& spec);
  [[nodiscard]] FleetResult remove(const std::string& name);
  [[nodiscard]] FleetResult set_weight(const std::string& name, std::uint32_t weight);
  // Draining replicas keep the requests they have and get no new ones.
  [[nodiscard]] FleetResult drain(const std::string& name);
  [[nodiscard]] FleetResult undrain(const std::string& name);
  // The daemon stops.
  void drain_all();

  [[nodiscard]] const Registry& registry() const { return registry_; }
  [[nodiscard]] const Publisher& publisher() const { return publisher_; }
  [[nodiscard]] const Resolver& resolver() const { return resolver_; }

 private:
  void publish();
  [[nodiscard]] FleetResult changed(bool found, const std::string& name, const std::string& what);

  Registry& registry_;
  Publisher& publisher_;
  Reclaimer reclaimer_;
  Resolver resolver_;
};

}  // namespace wp::control
