// One gateway: what a daemon has of the request path behind the features. Its Registry builds the Snapshots, its
// Accounts are charged at the pick and released at the first byte and at the end, as the proxy does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/registry.h"
#include "controlplane/reports.h"
#include "dataplane/balance/accounts.h"
#include "dataplane/balance/residency_image.h"
#include "dataplane/base/qsbr.h"
#include "dataplane/base/rng.h"
#include "tools/lab/router.h"
#include "tools/lab/strategies.h"

namespace wp::lab {

struct GatewayConfig {
  balance::Bounds bounds;
  std::uint32_t residency_lines = 1U << 17U;
  std::uint64_t capacity_told = 0;
  std::uint32_t max_replicas = 8;  // with those that join
  std::uint64_t seed = 0;
};

// What the gateway believes of a replica.
enum class Standing : std::uint8_t { up, draining, down };

struct Choice {
  std::uint32_t replica = 0;  // its number
  Reason decision = Reason::none;
  balance::Charge charge;
  balance::Pick pick;  // lives as long as the gateway's fleet stays as it is
};

// Charges that pick() gave out are gone before the gateway is.
class Gateway {
 public:
  // With a replica of each standing, numbered from 0.
  Gateway(const GatewayConfig& config, const StrategyInfo& strategy, const RouterNeeds& needs,
          std::span<const Standing> standings);

  void add();  // the next number, up
  void set_standing(std::uint32_t replica, Standing standing);

  // Nobody: nothing can be picked.
  [[nodiscard]] std::optional<Choice> pick(Instant now, const TraceRequest& request, std::span<const BlockHash> blocks,
                                           std::uint64_t id, std::span<const std::uint32_t> excluded);
  // The replica took what was picked last.
  void sent(Instant now, const TraceRequest& request, std::span<const BlockHash> blocks, std::uint64_t id,
            const Choice& choice);
  // A first token came so long after its prefill began; and a reply that ended told.
  void learn(const balance::Receipt& expected, std::uint32_t charged, double seconds) {
    residency_.learn(expected.replica.id,
                     balance::Prefill{charged, expected.expected_cached, expected.expected_age, seconds});
  }
  void learn(const balance::Receipt& receipt) { balance::learn(residency_, receipt); }
  // What the engine of each replica has counted since it started, by number: the same way as a daemon is told.
  void report(Instant now, std::span<const control::PrefixCounts> counts);
  // The residency table of the process before, as a daemon takes it up from a file. Before anything was picked.
  void take_up(const Gateway& before, Instant now);
  [[nodiscard]] Router& router() { return *router_; }

 private:
  [[nodiscard]] std::vector<balance::NamedReplica> named() const;
  [[nodiscard]] balance::PickInput input(Instant now, const TraceRequest& request);
  void join(Standing standing);
  void publish();

  balance::Accounts accounts_;
  balance::Residency residency_;
  std::uint64_t capacity_;
  Qsbr qsbr_;
  control::Registry registry_;
  control::Reports reports_;
  std::uint64_t reported_ = 0;  // times
  std::unique_ptr<const balance::Snapshot> snapshot_;
  std::vector<balance::ReplicaRef> refs_;  // by number; none leaves, so that numbers are also places in a Snapshot
  std::vector<balance::ReplicaRef> excluded_;
  Rng rng_;
  std::uint32_t turn_ = 0;
  std::unique_ptr<Router> router_;
};

}  // namespace wp::lab
