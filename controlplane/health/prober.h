// Checks every replica it was given, each at its own time, and says when the verdict on one changes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/health/check_result.h"
#include "controlplane/health/health_state.h"
#include "controlplane/health/policy.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"

namespace boost::asio {
class io_context;
}

namespace wp::control {

struct ProberCounters {
  std::array<Counter, kCheckResults.size()> results;  // by CheckResult
  Counter under_way;                                  // gauge
  Counter delayed;  // times that a check was due and had to wait for one under way to end
};

struct CheckedReplica {
  std::string name;
  std::string authority;
  std::vector<Endpoint> endpoints;  // empty: not checked until set_endpoints()
};

// Control thread only; the io_context outlives the prober. One replica has at most one check under way.
class Prober {
 public:
  // A monotonic clock, the same that asio's steady timers follow.
  using Now = Instant (*)();
  // `why`: the check that decided.
  using Changed = std::function<void(const std::string& name, Health health, CheckResult why)>;

  // At most `concurrent` checks run at a time. A slow one holds its place for its timeout, so only when as many
  // replicas hang at once are others checked later than they should be.
  static constexpr std::size_t kConcurrent = 512;
  Prober(boost::asio::io_context& io, Now now, std::uint64_t seed, Changed changed,
         std::size_t concurrent = kConcurrent);
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;
  // Checks under way are dropped.
  ~Prober();

  // Checks the replica now and from now on. One of the same name is forgotten first.
  void watch(const CheckedReplica& replica, const HealthPolicy& policy);
  // From the next check on; the verdict stays until checks by the new policy change it. A check of another page that is
  // under way is dropped and made again. False when the replica is not watched.
  bool set_policy(const std::string& name, const HealthPolicy& policy);
  // From the next check on.
  void set_endpoints(const std::string& name, const std::vector<Endpoint>& endpoints);
  void forget(const std::string& name);

  // Whether every replica that is watched has been checked once.
  [[nodiscard]] bool all_tried() const;
  // How long the replica's last check took; 0 before the first.
  [[nodiscard]] Duration last_duration(const std::string& name) const;
  [[nodiscard]] const ProberCounters& counters() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // outlives us in a timer that is under way
};

}  // namespace wp::control
