// The health of one replica as a state machine: check results and `now` in, a verdict and the time of the next check
// out. It has hysteresis (rise, fall), asks fast while it is not certain, and asks more of a replica that flaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "controlplane/health/check_result.h"
#include "controlplane/health/policy.h"
#include "dataplane/base/rng.h"
#include "dataplane/base/time.h"

namespace wp::control {

enum class Health : std::uint8_t {
  assumed,  // not judged, taken as up: there when the daemon started, or never checked
  untried,  // not judged, waits for its first verdict: added to a pool that can serve without it
  up,
  starting,  // says that it loads
  down,
};
inline constexpr std::size_t kHealths = 5;

[[nodiscard]] std::string_view word(Health health);

// The longest time from a replica's failure to the verdict that it is down, when its checks are not delayed: it fails
// behind a check that passed, and each of the next ones takes all of its timeout.
[[nodiscard]] Duration longest_detection(const HealthPolicy& policy);

class HealthState {
 public:
  explicit HealthState(const HealthPolicy& policy) : policy_(policy) {}

  // True when the verdict changed. The first one needs a single passed or loading check, but `fall` failed ones: a
  // server under load may answer late.
  bool feed(CheckResult result, Instant now);
  // The verdict stays until checks by the new policy change it; what was counted in a row begins anew.
  void set_policy(const HealthPolicy& policy);
  // When to check again, from the end of a check; each call draws anew.
  [[nodiscard]] Instant next_check(Instant now, Rng& rng);

  // `untried` before the first verdict.
  [[nodiscard]] Health health() const { return health_; }
  [[nodiscard]] bool judged() const { return health_ != Health::untried; }
  // Passed checks in a row that would bring it up again.
  [[nodiscard]] std::uint32_t rise() const { return policy_.rise << flaps_; }

 private:
  void pass(Instant now);
  void fail(Instant now);
  void load(Instant now);
  void leave(Health next, Instant now);
  [[nodiscard]] bool uncertain() const;

  HealthPolicy policy_;
  Health health_ = Health::untried;
  std::uint32_t passes_ = 0;    // in a row, while not up
  std::uint32_t failures_ = 0;  // in a row, while not down
  std::uint32_t flaps_ = 0;     // times in a row that it went soon after it had come up; doubles what it must pass
  bool was_gone_ = false;       // nobody listened since it was last up: a 503 is then a new process that loads
  bool spread_ = false;         // its place in the interval was drawn
  Instant up_since_;
};

}  // namespace wp::control
