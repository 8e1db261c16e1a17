#include "controlplane/health/prober.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/health/check.h"
#include "controlplane/log.h"
#include "dataplane/base/rng.h"

namespace wp::control {

namespace asio = boost::asio;

struct Prober::State : std::enable_shared_from_this<State> {
  struct Watched {
    Watched(const CheckedReplica& of, const HealthPolicy& by) : replica(of), policy(by), state(by) {}

    CheckedReplica replica;
    HealthPolicy policy;
    HealthState state;
    Instant due;  // its entry in `queue`, while it has one
    bool queued = false;
    bool tried = false;
    bool told_no_page = false;
    CancelCheck cancel;  // set while a check is under way
    Instant began;
    Duration took;
  };
  using Due = std::pair<Instant, std::string>;

  State(asio::io_context& on, Now clock, std::uint64_t seed, Changed on_change, std::size_t at_most)
      : io(on), timer(on), now(clock), rng(seed), changed(std::move(on_change)), concurrent(at_most) {}

  void enqueue(Watched& watched, Instant due) {
    watched.due = due;
    watched.queued = true;
    queue.emplace(due, watched.replica.name);
  }

  // Out of the queue and with no check under way; counts what that frees.
  void halt(Watched& watched) {
    if (std::exchange(watched.queued, false)) queue.erase({watched.due, watched.replica.name});
    if (const CancelCheck cancel = std::exchange(watched.cancel, nullptr)) {
      cancel();
      counters.under_way.sub();
    }
  }

  // Starts what is due, then sleeps until the next is. While as many run as may, their ends wake it.
  void turn() {
    const Instant at = now();
    while (!queue.empty() && queue.begin()->first <= at) {
      if (counters.under_way.value() >= concurrent) {
        counters.delayed.add();
        return;
      }
      start(names.at(queue.begin()->second), at);
    }
    if (queue.empty()) return;
    timer.expires_after(std::chrono::nanoseconds((queue.begin()->first - at).ns));
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && !self->stopped) self->turn();
    });
  }

  void start(Watched& watched, Instant at) {
    queue.erase(queue.begin());
    watched.queued = false;
    watched.began = at;
    counters.under_way.add();
    const CheckRequest request{.endpoints = watched.replica.endpoints,
                               .authority = watched.replica.authority,
                               .path = watched.policy.path,
                               .timeout = watched.policy.timeout};
    // A check that is cancelled never answers, so the name still means this replica.
    watched.cancel = start_check(
        io, request, [weak = weak_from_this(), name = watched.replica.name](CheckResult result, unsigned status) {
          if (const auto self = weak.lock()) self->finished(self->names.at(name), result, status);
        });
  }

  void finished(Watched& watched, CheckResult result, unsigned status) {
    const Instant at = now();
    watched.cancel = nullptr;
    watched.took = at - watched.began;
    watched.tried = true;
    counters.under_way.sub();
    counters.results[static_cast<std::size_t>(result)].add();
    const std::string name = watched.replica.name;
    if (result == CheckResult::no_page && !std::exchange(watched.told_no_page, true)) {
      log::warn("replica " + name + " answers " + std::to_string(status) + " at " + watched.policy.path +
                ": that it answers at all counts as healthy (see --health-path)");
    }
    const bool news = watched.state.feed(result, at);
    const Health health = watched.state.health();
    enqueue(watched, watched.state.next_check(at, rng));
    if (news) changed(name, health, result);  // may forget the replica
    if (!stopped) turn();
  }

  asio::io_context& io;
  asio::steady_timer timer;
  Now now;
  Rng rng;
  Changed changed;
  std::size_t concurrent;
  ProberCounters counters;
  std::map<std::string, Watched> names;
  std::set<Due> queue;
  bool stopped = false;
};

Prober::Prober(asio::io_context& io, Now now, std::uint64_t seed, Changed changed, std::size_t concurrent)
    : state_(std::make_shared<State>(io, now, seed, std::move(changed), concurrent)) {}

Prober::~Prober() {
  state_->stopped = true;
  state_->timer.cancel();
  for (auto& [name, watched] : state_->names) state_->halt(watched);
}

void Prober::watch(const CheckedReplica& replica, const HealthPolicy& policy) {
  forget(replica.name);
  State::Watched& watched = state_->names.emplace(replica.name, State::Watched(replica, policy)).first->second;
  if (replica.endpoints.empty()) return;
  state_->enqueue(watched, state_->now());
  state_->turn();
}

bool Prober::set_policy(const std::string& name, const HealthPolicy& policy) {
  const auto found = state_->names.find(name);
  if (found == state_->names.end()) return false;
  State::Watched& watched = found->second;
  const bool same_page = watched.policy.path == policy.path;
  watched.policy = policy;
  watched.state.set_policy(policy);
  if (!same_page) watched.told_no_page = false;
  if (watched.cancel && !same_page) {
    state_->halt(watched);
    state_->enqueue(watched, state_->now());
  } else if (watched.queued) {
    // Never later than it was due: policies that change faster than replicas are checked put no check off for ever.
    const Instant due = earlier(watched.due, watched.state.next_check(state_->now(), state_->rng));
    state_->halt(watched);
    state_->enqueue(watched, due);
  }
  state_->turn();
  return true;
}

void Prober::set_endpoints(const std::string& name, const std::vector<Endpoint>& endpoints) {
  const auto found = state_->names.find(name);
  if (found == state_->names.end()) return;
  State::Watched& watched = found->second;
  watched.replica.endpoints = endpoints;
  if (endpoints.empty()) {
    state_->halt(watched);
    return state_->turn();  // another may have waited for its place
  }
  if (watched.queued || watched.cancel) return;
  state_->enqueue(watched, state_->now());
  state_->turn();
}

void Prober::forget(const std::string& name) {
  const auto found = state_->names.find(name);
  if (found == state_->names.end()) return;
  state_->halt(found->second);
  state_->names.erase(found);
  state_->turn();
}

bool Prober::all_tried() const {
  return std::ranges::all_of(state_->names, [](const auto& entry) { return entry.second.tried; });
}

Duration Prober::last_duration(const std::string& name) const {
  const auto found = state_->names.find(name);
  return found == state_->names.end() ? Duration{} : found->second.took;
}

const ProberCounters& Prober::counters() const {
  return state_->counters;
}

}  // namespace wp::control
