// Every change of the replicas goes through here: registry, Snapshot, shards, the file that keeps it, name lookups,
// health checks and the log.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/health/prober.h"
#include "controlplane/overlay.h"
#include "controlplane/publisher.h"
#include "controlplane/reclaimer.h"
#include "controlplane/registry.h"
#include "controlplane/resolver.h"
#include "controlplane/state_writer.h"
#include "dataplane/base/time.h"

namespace wp::control {

enum class FleetFault : std::uint8_t { unknown, conflict, full };

struct FleetError {
  FleetFault fault = FleetFault::unknown;
  std::string text;  // one clear line
};

using FleetResult = std::expected<void, FleetError>;

// Control thread only; everything handed in outlives it. When a change returns, the Snapshot that holds it is
// published, and it is on its way to the disk.
class Fleet {
 public:
  // `now` and `seed` are the health checks'.
  Fleet(boost::asio::io_context& io, Registry& registry, Publisher& publisher, Duration resolve_interval,
        Prober::Now now, std::uint64_t seed);

  // Before start(): changes that an earlier daemon was told, and what keeps them from now on (may be null).
  void remember(Changes changes, StateWriter* keeper);
  // The configured replicas with the changes remembered, in one Snapshot, all taken as up until they are judged: a
  // daemon that is started anew under load serves at once. Also publishes when there are none. A remembered addition
  // that does not fit any more (its pool is gone, there is no room) is left out and logged; a configured one is the
  // error.
  [[nodiscard]] FleetResult start(std::span<const ReplicaSpec> specs);
  // Gets requests from its first passed check on, or at once where no other replica can be picked. Without a pool it is
  // of the one that the configuration has it in, or else of the first.
  [[nodiscard]] FleetResult add(const ReplicaSpec& asked);
  [[nodiscard]] FleetResult remove(const std::string& name);
  // New settings in one Snapshot, all of it or nothing; what was changed at run time stays laid over them.
  [[nodiscard]] FleetResult reconfigure(const Settings& to);
  [[nodiscard]] FleetResult set_weight(const std::string& name, std::uint32_t weight);
  // Draining replicas keep the requests they have and get no new ones.
  [[nodiscard]] FleetResult drain(const std::string& name);
  [[nodiscard]] FleetResult undrain(const std::string& name);
  // Back to the configuration: of one replica, or of all.
  [[nodiscard]] FleetResult reset(const std::string& name);
  [[nodiscard]] FleetResult reset_all();
  // The daemon will stop: it is not ready from now on, and serves on.
  void leave();
  // It stops.
  void drain_all();

  [[nodiscard]] const Overlay& overlay() const { return overlay_; }
  // May be null.
  [[nodiscard]] const StateWriter* keeper() const { return keeper_; }
  // A change is on its way to the disk: `done` is called once, later, when that has come to an end, good or bad.
  [[nodiscard]] bool saving() const { return keeper_ != nullptr && keeper_->busy(); }
  void when_saved(std::function<void()> done) { keeper_->when_written(std::move(done)); }
  // Why the last change will not survive a restart though a file was given; empty when it will.
  [[nodiscard]] std::string unsaved() const;

  [[nodiscard]] const Registry& registry() const { return registry_; }
  [[nodiscard]] const Publisher& publisher() const { return publisher_; }
  [[nodiscard]] const Resolver& resolver() const { return resolver_; }
  [[nodiscard]] const Prober& prober() const { return prober_; }

 private:
  [[nodiscard]] FleetResult set_drained(const std::string& name, bool drained);
  [[nodiscard]] FleetResult join(const ReplicaSpec& spec, Health health);
  bool leave(const std::string& name);
  [[nodiscard]] FleetResult converge();
  void drop_unwanted(std::span<const WantedReplica> wanted);
  void save();
  void watch(const ReplicaSpec& spec);
  void watch_health(const std::string& name);
  [[nodiscard]] Health first_health(const ReplicaSpec& spec) const;
  void on_endpoints(const std::string& name, const std::vector<Endpoint>& endpoints);
  void on_health(const std::string& name, Health health, CheckResult why);
  void publish();
  [[nodiscard]] FleetResult changed(bool found, const std::string& name, const std::string& what);

  Registry& registry_;
  Publisher& publisher_;
  Reclaimer reclaimer_;
  Resolver resolver_;
  Prober prober_;
  Overlay overlay_;
  StateWriter* keeper_ = nullptr;
};

}  // namespace wp::control
