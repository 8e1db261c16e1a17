// Everything that GET /metrics answers: the shards' figures added up, the fleet's, the process's own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/fleet_metrics.h"
#include "controlplane/metric_set.h"
#include "controlplane/shard_watch.h"

namespace wp::control {

struct BuildInfo {
  std::string version;
  std::string transport;  // what the shards run on, once it is known
};

// Control thread only; everything handed in outlives it.
class Exposition {
 public:
  Exposition(BuildInfo build, const Fleet& fleet, const balance::Accounts& accounts, const ShardWatch& watch)
      : build_(std::move(build)), fleet_(fleet, accounts), watch_(watch) {}

  // A shard's metrics, once it has described them.
  void add(const MetricList& list) { shards_.add(list); }

  // Families of somebody else, called at each scrape.
  void add_section(std::function<void(MetricText&)> section) { sections_.push_back(std::move(section)); }

  // The text that Prometheus reads.
  [[nodiscard]] std::string scrape();

  [[nodiscard]] const BuildInfo& build() const { return build_; }
  [[nodiscard]] const MetricSet& shard_metrics() const { return shards_; }

 private:
  BuildInfo build_;
  MetricSet shards_;
  FleetMetrics fleet_;
  const ShardWatch& watch_;
  std::vector<std::function<void(MetricText&)>> sections_;
  std::uint64_t scrapes_ = 0;
};

}  // namespace wp::control
