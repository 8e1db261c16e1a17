// What the control plane itself knows, as metrics: replicas, their accounts, Snapshots, name lookups.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "controlplane/fleet.h"
#include "controlplane/metric_text.h"
#include "dataplane/balance/accounts.h"
#include "dataplane/balance/ring.h"

namespace wp::control {

// Control thread only; fleet and accounts outlive it.
class FleetMetrics {
 public:
  FleetMetrics(const Fleet& fleet, const balance::Accounts& accounts) : fleet_(fleet), accounts_(accounts) {}

  void write(MetricText& out);

 private:
  void write_loads(MetricText& out) const;
  void write_accounts(MetricText& out) const;
  void write_tokens(MetricText& out) const;
  void write_sessions(MetricText& out) const;
  void write_states(MetricText& out) const;
  void write_health(MetricText& out) const;
  void write_ring(MetricText& out);
  void write_control(MetricText& out) const;

  const Fleet& fleet_;
  const balance::Accounts& accounts_;
  // Counting a ring's owners reads all of it: done once a ring, not once a scrape.
  struct CountedRing {
    std::shared_ptr<const balance::Ring> ring;
    std::vector<std::uint32_t> owned;  // by ring member
  };
  std::vector<CountedRing> counted_;  // by pool
};

}  // namespace wp::control
