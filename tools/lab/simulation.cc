#include "tools/lab/simulation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <queue>
#include <tuple>
#include <utility>

#include "dataplane/base/assert.h"

namespace wp::lab {
namespace {

// As the proxy: an exchange gives up behind so many replicas that could not be reached.
constexpr std::uint32_t kMaxAttempts = 4;
// As the daemon's default.
constexpr Duration kReportInterval = seconds(2);

// Something that is due for an attempt at a request. One whose attempt is over is passed over.
struct Due {
  Instant at;
  std::uint64_t order = 0;  // of equal times, what was scheduled first
  std::uint32_t request = 0;
  std::uint32_t attempt = 0;
  bool ends = false;  // else the first byte

  friend bool operator>(const Due& a, const Due& b) { return std::tie(a.at, a.order) > std::tie(b.at, b.order); }
};

struct Flight {
  balance::Charge charge;
  balance::Receipt receipt;
  std::uint32_t gateway = 0;
  std::uint64_t gateway_life = 0;
  bool under_way = false;
  bool whole = false;  // its reply is not streamed
  bool begun = false;  // the first byte came
};

struct Replica {
  bool alive = true;
  Standing standing = Standing::up;
  Instant since;  // it can be picked
  std::uint32_t life = 0;
};

class Simulation {
 public:
  Simulation(const Trace& trace, const SimulationConfig& config, const StrategyInfo& strategy)
      : trace_(trace), config_(config), strategy_(strategy), flights_(trace.requests.size()) {
    outcome_.served.resize(trace.requests.size());
    for (std::uint32_t i = 0; i < config.replicas; ++i) add_replica();
    gateways_.reserve(config.gateways);
    for (std::uint32_t i = 0; i < config.gateways; ++i) gateways_.push_back(make_gateway(i));
    lives_.resize(config.gateways);
  }

  Outcome run();

 private:
  struct Verdict {
    Instant at;
    std::uint32_t replica = 0;
    std::uint32_t life = 0;
  };

  [[nodiscard]] std::uint64_t attempt_of(std::uint32_t index) const {
    return (std::uint64_t{index} << 32U) | outcome_.served[index].attempts;
  }
  void add_replica();
  std::unique_ptr<Gateway> make_gateway(std::uint32_t number);
  [[nodiscard]] Instant arrival(std::size_t index) const;
  void arrive(std::uint32_t index);
  void dispatch(std::uint32_t index);
  void start(std::uint32_t index, Choice&& choice);
  void finish_due(const Due& due);
  void take_first_byte(Flight& flight, std::uint64_t id, bool same_life);
  void change(const FleetEvent& event);
  void stand(std::uint32_t replica, Standing standing);
  void believe(std::uint32_t replica, Standing standing);
  void count_presence(std::uint32_t replica, Instant until);
  void die(std::uint32_t replica);
  void restart(std::uint32_t gateway, bool handover);
  void report_until(Instant now);
  [[nodiscard]] bool step(std::size_t& next, std::size_t& next_event, std::size_t& next_verdict);

  const Trace& trace_;
  const SimulationConfig& config_;
  const StrategyInfo& strategy_;
  Fleet fleet_;
  std::vector<Replica> replicas_;
  std::vector<std::unique_ptr<Gateway>> gateways_;
  std::vector<std::uint64_t> lives_;  // restarts of each gateway
  std::vector<Flight> flights_;       // by the request's index
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<Verdict> verdicts_;               // in order of time
  std::vector<control::PrefixCounts> counted_;  // by the replica's number, since it started
  Instant next_report_;
  std::uint64_t scheduled_ = 0;
  Instant now_;
  Outcome outcome_;
};

void Simulation::add_replica() {
  fleet_.emplace_back(config_.replica, trace_.block_tokens, trace_.distinct_blocks);
  replicas_.push_back({.since = now_});
  counted_.emplace_back();
  outcome_.work.emplace_back();
}

std::unique_ptr<Gateway> Simulation::make_gateway(std::uint32_t number) {
  GatewayConfig config{.bounds = config_.bounds, .seed = mix64(config_.seed + number)};
  if (config_.knowledge == Knowledge::capacity) config.capacity_told = config_.replica.cache_tokens;
  const auto joins = std::ranges::count(config_.events, FleetChange::join, &FleetEvent::change);
  config.max_replicas = config_.replicas + static_cast<std::uint32_t>(joins);
  std::vector<Standing> standings;
  standings.reserve(replicas_.size());
  for (const Replica& replica : replicas_) standings.push_back(replica.standing);
  return std::make_unique<Gateway>(config, strategy_, RouterNeeds{fleet_, trace_, config_.seed}, standings);
}

Instant Simulation::arrival(std::size_t index) const {
  const auto ns = static_cast<double>(trace_.requests[index].at.ns) / config_.speed;
  return Instant{std::llround(ns)};
}

void Simulation::arrive(std::uint32_t index) {
  flights_[index].gateway = index % config_.gateways;
  dispatch(index);
}

void Simulation::dispatch(std::uint32_t index) {
  const TraceRequest& request = trace_.requests[index];
  const auto blocks = trace_.blocks_of(request);
  Gateway& gateway = *gateways_[flights_[index].gateway];
  std::array<std::uint32_t, kMaxAttempts> failed{};
  for (std::uint32_t failures = 0; failures < kMaxAttempts; ++failures) {
    ++outcome_.served[index].attempts;
    auto choice = gateway.pick(now_, request, blocks, attempt_of(index), std::span(failed).first(failures));
    if (!choice) return;
    if (replicas_[choice->replica].alive) return start(index, std::move(*choice));
    ++outcome_.refused_connections;
    failed[failures] = choice->replica;
  }
}

void Simulation::start(std::uint32_t index, Choice&& choice) {
  const TraceRequest& request = trace_.requests[index];
  const auto blocks = trace_.blocks_of(request);
  Served& served = outcome_.served[index];
  Flight& flight = flights_[index];
  gateways_[flight.gateway]->sent(now_, request, blocks, attempt_of(index), choice);

  const Course course = fleet_[choice.replica].take(now_, blocks, request.prompt_tokens, request.output_tokens);
  outcome_.work[choice.replica].uncached_tokens += course.uncached_tokens;
  counted_[choice.replica].queries += request.prompt_tokens;
  counted_[choice.replica].hits += request.prompt_tokens - course.uncached_tokens;
  served.replica = choice.replica;
  served.decision = choice.decision;
  served.cached_blocks = course.cached_blocks;
  served.uncached_tokens = course.uncached_tokens;
  served.expected_tokens = choice.charge.prefill();
  served.ttft = course.first_token - arrival(index);
  flight.charge = std::move(choice.charge);
  flight.receipt = {.replica = flight.charge.replica(),
                    .canonical_bytes = request.features.canonical_bytes,
                    .last_rung = balance::last_rung(request.features),
                    .expected_cached = choice.pick.cached,
                    .expected_age = choice.pick.age,
                    .known_cached = choice.pick.known,
                    .prompt_tokens = request.prompt_tokens,
                    .cached_tokens = request.prompt_tokens - course.uncached_tokens};
  flight.gateway_life = lives_[flight.gateway];
  flight.under_way = true;
  flight.whole = Rng(mix64(config_.seed) + index).chance(config_.whole_share);
  flight.begun = false;
  due_.push({course.first_token, scheduled_++, index, served.attempts, false});
  due_.push({course.finish, scheduled_++, index, served.attempts, true});
}

void Simulation::finish_due(const Due& due) {
  Flight& flight = flights_[due.request];
  Served& served = outcome_.served[due.request];
  if (!flight.under_way || due.attempt != served.attempts) return;
  const std::uint64_t id = attempt_of(due.request);
  const bool same_life = flight.gateway_life == lives_[flight.gateway];
  if (due.ends == flight.whole) take_first_byte(flight, id, same_life);
  if (!due.ends) return;
  flight.under_way = false;
  flight.charge = {};
  served.answered = true;
  if (same_life && config_.knowledge == Knowledge::receipts) gateways_[flight.gateway]->learn(flight.receipt);
  if (same_life) gateways_[flight.gateway]->router().ended(id);
}

void Simulation::take_first_byte(Flight& flight, std::uint64_t id, bool same_life) {
  flight.begun = true;
  const std::uint32_t charged = flight.charge.prefill();
  const double seconds = flight.charge.first_byte(now_);
  if (!same_life) return;
  Gateway& gateway = *gateways_[flight.gateway];
  if (!flight.whole) gateway.learn(flight.receipt, charged, seconds);  // else it was not the prefill alone
  gateway.router().first_byte(id);
}

void Simulation::believe(std::uint32_t replica, Standing standing) {
  for (const auto& gateway : gateways_) gateway->set_standing(replica, standing);
}

// A fleet is measured while it is asked for something: up to the last arrival.
void Simulation::count_presence(std::uint32_t replica, Instant until) {
  Replica& it = replicas_[replica];
  ReplicaWork& work = outcome_.work[replica];
  const Instant end = earlier(until, arrival(trace_.requests.size() - 1));
  if (it.standing == Standing::up && it.since < end) work.present = work.present + (end - it.since);
  it.since = until;
}

void Simulation::stand(std::uint32_t replica, Standing standing) {
  Replica& it = replicas_[replica];
  count_presence(replica, now_);
  it.standing = standing;
  believe(replica, standing);
}

// Requests that had no byte yet are sent again, as the proxy does; those in the middle of a reply are lost.
void Simulation::die(std::uint32_t replica) {
  Replica& it = replicas_[replica];
  it.alive = false;
  ++it.life;
  fleet_[replica].clear();
  counted_[replica] = {};
  verdicts_.push_back({now_ + config_.detection, replica, it.life});
  std::vector<std::uint32_t> again;
  for (std::uint32_t i = 0; i < flights_.size() && arrival(i) <= now_; ++i) {
    Flight& flight = flights_[i];
    if (!flight.under_way || outcome_.served[i].replica != replica) continue;
    flight.under_way = false;
    flight.charge = {};
    if (flight.gateway_life == lives_[flight.gateway]) gateways_[flight.gateway]->router().ended(attempt_of(i));
    if (!flight.begun) again.push_back(i);
  }
  for (const std::uint32_t index : again) dispatch(index);
}

// Its requests are taken to have survived, as with a graceful restart: what is measured is what it forgets.
void Simulation::restart(std::uint32_t number, bool handover) {
  for (Flight& flight : flights_) {
    if (flight.under_way && flight.gateway == number) flight.charge = {};
  }
  ++lives_[number];
  const auto before = std::exchange(gateways_[number], make_gateway(number));
  if (handover) gateways_[number]->take_up(*before, now_);
}

void Simulation::change(const FleetEvent& event) {
  switch (event.change) {
    case FleetChange::join:
      add_replica();
      for (const auto& gateway : gateways_) gateway->add();
      break;
    case FleetChange::drain: stand(event.who, Standing::draining); break;
    case FleetChange::undrain: stand(event.who, Standing::up); break;
    case FleetChange::die: die(event.who); break;
    case FleetChange::come_back:
      replicas_[event.who].alive = true;
      ++replicas_[event.who].life;
      stand(event.who, Standing::up);
      break;
    case FleetChange::restart: restart(event.who, false); break;
    case FleetChange::handover: restart(event.who, true); break;
  }
}

// Reports that came before something else happens.
void Simulation::report_until(Instant now) {
  if (config_.knowledge != Knowledge::counters) return;
  for (; next_report_ < now; next_report_ = next_report_ + kReportInterval) {
    for (const auto& gateway : gateways_) gateway->report(next_report_, counted_);
  }
}

// The next thing in time; at the same instant what ends comes before what changes, and that before what arrives.
bool Simulation::step(std::size_t& next, std::size_t& next_event, std::size_t& next_verdict) {
  const Instant due = due_.empty() ? kNever : due_.top().at;
  const Instant event = next_event < config_.events.size() ? Instant{config_.events[next_event].at.ns} : kNever;
  const Instant verdict = next_verdict < verdicts_.size() ? verdicts_[next_verdict].at : kNever;
  const Instant arrives = next < trace_.requests.size() ? arrival(next) : kNever;
  const Instant first = std::min({due, event, verdict, arrives});
  if (first == kNever) return false;
  report_until(first);
  now_ = std::max(now_, first);
  if (first == due) {
    const Due top = due_.top();
    due_.pop();
    finish_due(top);
  } else if (first == verdict) {
    const Verdict told = verdicts_[next_verdict++];
    if (replicas_[told.replica].life == told.life) stand(told.replica, Standing::down);
  } else if (first == event) {
    change(config_.events[next_event++]);
  } else {
    arrive(static_cast<std::uint32_t>(next++));
  }
  return true;
}

Outcome Simulation::run() {
  std::size_t next = 0;
  std::size_t next_event = 0;
  std::size_t next_verdict = 0;
  while (step(next, next_event, next_verdict)) {
  }
  for (std::uint32_t i = 0; i < replicas_.size(); ++i) count_presence(i, kNever);
  return std::move(outcome_);
}

}  // namespace

Outcome simulate(const Trace& trace, const SimulationConfig& config, const StrategyInfo& strategy) {
  WP_ASSERT(!trace.requests.empty() && config.replicas > 0 && config.gateways > 0);
  WP_ASSERT(event_problem(config.events, config.replicas, config.gateways).empty());
  return Simulation(trace, config, strategy).run();
}

}  // namespace wp::lab
