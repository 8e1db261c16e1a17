// The control plane without a daemon around it: accounts, registry, publisher and fleet on one io_context that the test
// turns by hand.
#pragma once

#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "controlplane/admin_api.h"
#include "controlplane/exposition.h"
#include "controlplane/fleet.h"
#include "controlplane/publisher.h"
#include "controlplane/registry.h"
#include "controlplane/reports.h"
#include "controlplane/shard_watch.h"
#include "dataplane/balance/residency.h"

namespace wp::control {

// Runs handlers until the condition holds; false when it does not within ten seconds.
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition&& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    io.restart();
    if (io.run_one_for(std::chrono::milliseconds(10)) == 0) std::this_thread::yield();
  }
  return true;
}

inline Instant steady_now() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
              .count()};
}

struct World {
  explicit World(Duration resolve_interval = seconds(3600), std::uint32_t max_replicas = 16,
                 const HealthPolicy& health = {.enabled = false})
      : accounts(max_replicas, 4),
        registry(config_of(health), accounts, qsbr, &residency),
        reports(registry, accounts, residency, seconds(6)),
        publisher(published, qsbr),
        fleet(io, registry, publisher, resolve_interval, steady_now, 1),
        exposition({"1.2.3", "none"}, fleet, accounts, watch),
        api(fleet, accounts, watch, exposition, reports) {}

  static Registry::Config config_of(const HealthPolicy& health) {
    Registry::Config config;
    config.pools[0].health = health;
    return config;
  }

  [[nodiscard]] const balance::Snapshot& snapshot() const { return *published.read(); }

  boost::asio::io_context io;
  balance::Accounts accounts;
  balance::Residency residency{1024, 4096, 64};
  Qsbr qsbr;
  Published<balance::Snapshot> published;
  Registry registry;
  Reports reports;
  Publisher publisher;
  Fleet fleet;
  ShardWatch watch;
  Exposition exposition;
  AdminApi api;
};

inline ReplicaSpec spec_of(std::string_view text) {
  return parse_replica_spec(text).value();
}

}  // namespace wp::control
