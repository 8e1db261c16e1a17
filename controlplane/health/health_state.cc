#include "controlplane/health/health_state.h"

#include <algorithm>
#include <utility>

namespace wp::control {
namespace {

// An uncertain state is asked about so much more often.
constexpr std::int64_t kFaster = 8;
// Of the interval, both ways: replicas, and daemons that watch the same ones, do not ask in step.
constexpr double kJitter = 0.1;
// Who stays up for so many intervals has stopped flapping.
constexpr std::int64_t kSteadyIntervals = 30;
constexpr std::uint32_t kMaxFlaps = 4;

Duration scaled(Duration d, double factor) {
  return nanos(static_cast<std::int64_t>(static_cast<double>(d.ns) * factor));
}

Duration fast(const HealthPolicy& policy) {
  return nanos(policy.interval.ns / kFaster);
}

}  // namespace

std::string_view word(Health health) {
  switch (health) {
    case Health::assumed: return "assumed";
    case Health::untried: return "untried";
    case Health::up: return "up";
    case Health::starting: return "starting";
    case Health::down: return "down";
  }
  return "?";
}

Duration longest_detection(const HealthPolicy& policy) {
  const Duration again = scaled(fast(policy), 1 + kJitter) + policy.timeout;
  return scaled(policy.interval, 1 + kJitter) + policy.timeout + again * (policy.fall - 1);
}

bool HealthState::feed(CheckResult result, Instant now) {
  const Health before = health_;
  switch (result) {
    case CheckResult::passed:
    case CheckResult::no_page: pass(now); break;
    case CheckResult::loading: load(now); break;
    case CheckResult::refused: was_gone_ = true; [[fallthrough]];
    case CheckResult::bad_status:
    case CheckResult::bad_reply:
    case CheckResult::timed_out: fail(now); break;
    case CheckResult::not_made: break;
  }
  return health_ != before;
}

void HealthState::set_policy(const HealthPolicy& policy) {
  policy_ = policy;
  passes_ = 0;
  failures_ = 0;
  spread_ = false;  // all of a pool change at once
}

void HealthState::pass(Instant now) {
  failures_ = 0;
  if (health_ == Health::up) {
    was_gone_ = false;
    return;
  }
  ++passes_;
  if (judged() && passes_ < rise()) return;
  health_ = Health::up;
  up_since_ = now;
  passes_ = 0;
  was_gone_ = false;
}

void HealthState::fail(Instant now) {
  passes_ = 0;
  if (health_ == Health::down || ++failures_ < policy_.fall) return;
  leave(Health::down, now);
}

// A 503 of a server that was up and never went away is a server that fails: vLLM answers so when its engine died.
void HealthState::load(Instant now) {
  if ((health_ == Health::up || health_ == Health::down) && !was_gone_) return fail(now);
  passes_ = 0;
  leave(Health::starting, now);
}

void HealthState::leave(Health next, Instant now) {
  if (health_ == Health::up) {
    const bool soon = now - up_since_ < policy_.interval * kSteadyIntervals;
    flaps_ = soon ? std::min(flaps_ + 1, kMaxFlaps) : 0;
  }
  health_ = next;
  failures_ = 0;
}

bool HealthState::uncertain() const {
  if (!judged() || failures_ > 0) return true;
  // One that flaps is not helped up any faster.
  return passes_ > 0 && flaps_ == 0;
}

Instant HealthState::next_check(Instant now, Rng& rng) {
  const double jitter = 1 - kJitter + 2 * kJitter * rng.unit();
  if (uncertain()) return now + scaled(fast(policy_), jitter);
  // Replicas added together were first checked together: from here on each has a place of its own in the interval.
  if (!std::exchange(spread_, true)) return now + scaled(policy_.interval, rng.unit());
  return now + scaled(policy_.interval, jitter);
}

}  // namespace wp::control
