#include "tests/sim/packet/world.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

namespace wp::sim::packet {
namespace {

// Places in the event queue: the hosts, then those that only act.
constexpr std::uint32_t kStarter = 2;
constexpr std::uint32_t kAttacker = 3;
constexpr std::uint32_t kHealer = 4;  // so that there is a second phase, however soon the first is done

constexpr Duration kPatience = seconds(1'000);  // for the second phase to be over
constexpr std::uint64_t kCheckEvery = 64;       // turns between looks at everything

Endpoint address(bool v6, std::uint8_t host) {
  Endpoint made{.port = 80, .family = v6 ? Endpoint::Family::v6 : Endpoint::Family::v4};
  made.address = {192, 0, 2, host};
  if (v6) made.address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host};
  return made;
}

Shape drawn(std::uint64_t seed) {
  Rng rng(mix64(seed));
  return draw_shape(rng);
}

void add_counters(const tcp::TcpCounters& counters, std::vector<std::uint64_t>& sums) {
  const std::uint64_t values[] = {
#define WP_VALUE(name, help) counters.name.value(),
      WP_TCP_COUNTERS(WP_VALUE)
#undef WP_VALUE
  };
  sums.resize(std::size(values));
  for (std::size_t i = 0; i < std::size(values); ++i) sums[i] += values[i];
}

// Of each talk's client, that host 0 is; host 1 serves.
constexpr unsigned kClient = 0;
constexpr unsigned kServer = 1;

}  // namespace

World::World(std::uint64_t seed, bool tracing) : World(drawn(seed), seed, tracing) {}

World::World(const Shape& shape, std::uint64_t seed, bool tracing)
    : tracing_(tracing),
      rng_(mix64(seed + 1)),
      shape_(shape),
      hostile_(address(shape.v6, 3), address(shape.v6, 2), mix64(seed + 4)) {
  for (unsigned i = 0; i < 2; ++i) {
    hosts_.emplace_back(shape_.host[i], address(shape_.v6, static_cast<std::uint8_t>(i + 1)), mix64(seed + 2 + i));
    hosts_.back().set_greeter(*this);
    const std::uint32_t challenges = shape_.host[i].tcp.challenges_per_second;
    guessers_.emplace_back(challenges / 2 + challenges);
    links_.emplace_back(shape_.link[i], 1 - i);
  }
  for (const TalkShape& talk : shape_.talks) talks_.push_back({.shape = talk});
  for (const TalkShape& talk : shape_.later) talks_.push_back({.shape = talk, .is_later = true});
  attacks_left_ = shape_.hostile_packets;
}

void World::complain(std::string what) {
  if (tracing_) std::printf("%12.6f VIOLATION %s\n", Duration{now_.ns}.seconds(), what.c_str());
  if (result_.violations.size() < 20) result_.violations.push_back(std::move(what));
}

Host::Guest World::greet(const Endpoint& remote) {
  if (remote.address == address(shape_.v6, 3).address) {
    TalkShape any{.is_checked = false};
    any.sends[1] = 50'000;
    return {.talk = UINT32_MAX, .shape = any, .is_known = true};
  }
  // The newest with that source port: the one before it has gone, or the number would not be free.
  for (std::size_t i = talks_.size(); i > 0; --i) {
    const Talk& talk = talks_[i - 1];
    if (talk.source == remote.port && talk.server < 0) {
      return {.talk = static_cast<std::uint32_t>(i - 1), .shape = talk.shape, .is_known = true};
    }
  }
  return {};
}

void World::seated(std::uint32_t talk, std::size_t speaker) {
  if (talk != UINT32_MAX) talks_[talk].server = static_cast<int>(speaker);
}

void World::start(std::uint32_t talk) {
  Talk& begun = talks_[talk];
  begun.client = hosts_[kClient].open(hosts_[kServer].address(), talk, begun.shape);
  if (begun.client < 0) {
    queue_.put(now_ + millis(50), kStarter);  // no port is free: later
    --started_;
    return;
  }
  wake_at_[kClient] = now_;
  queue_.put(now_, kClient);
}

void World::learn_sources() {
  for (std::uint32_t i = 0; i < started_; ++i) {
    Talk& talk = talks_[i];
    if (talk.client >= 0 && talk.source == 0)
      talk.source = hosts_[kClient].source_of(static_cast<std::size_t>(talk.client));
  }
}

void World::route(unsigned from, std::vector<std::byte> packet) {
  ++result_.segments;
  guessers_[from].see(now_, packet);
  if (from == kServer && shape_.hostile) {
    if (const auto arrived = read_packet(packet);
        arrived && arrived->flow.local.address == address(shape_.v6, 3).address) {
      hostile_.receive(*arrived);
      return;
    }
  }
  links_[from].send(now_, std::move(packet), rng_, queue_);
}

void World::turn(unsigned host) {
  std::vector<std::vector<std::byte>> out;
  wake_at_[host] = hosts_[host].turn(now_, out);
  if (host == kClient) learn_sources();
  for (auto& packet : out) route(host, std::move(packet));
  if (wake_at_[host] != kNever) queue_.put(wake_at_[host], host);
  const tcp::TcpCounters& counters = hosts_[host].stack().counters();
  guessers_[host].see_challenges(now_, counters.challenges.value(), counters.challenges_limited_all.value());
  if (const std::string& wrong = hosts_[host].complaint(); !wrong.empty()) complain(wrong);
  check(++steps_ % kCheckEvery == 0);
}

void World::attack() {
  if (attacks_left_ == 0) return;
  --attacks_left_;
  std::vector<std::byte> packet;
  if (rng_.chance(0.2) && started_ > 0 && talks_[rng_.below(started_)].source != 0) {
    Endpoint from = address(shape_.v6, 1);
    from.port = talks_[rng_.below(started_)].source;
    packet = hostile_.guess(from, address(shape_.v6, 2));
  } else {
    packet = hostile_.attack();
  }
  queue_.put(now_ + micros(rng_.below(500)), kServer, std::move(packet));
  if (shape_.probes_limit && rng_.chance(0.1)) {
    for (auto& probe : hostile_.probes()) queue_.put(now_, kServer, std::move(probe));
  }
  const auto between = static_cast<std::uint32_t>(shape_.faults_for.micros() / (shape_.hostile_packets + 1));
  queue_.put(now_ + micros(1 + rng_.below(2 * between + 1)), kAttacker);
}

// Eight bytes at a time: half of a world's time would go into its hash else.
void World::remember(unsigned host, const std::vector<std::byte>& packet) {
  std::uint64_t hash = result_.trace ^ static_cast<std::uint64_t>(now_.ns) ^ host;
  for (std::size_t at = 0; at < packet.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, packet.data() + at, std::min<std::size_t>(8, packet.size() - at));
    hash = (std::rotl(hash, 23) ^ word) * 0x9e3779b97f4a7c15ULL;
  }
  result_.trace = mix64(hash ^ packet.size());
}

void World::happen(Happening&& happening) {
  now_ = happening.at;
  if (happening.to == kStarter) {
    if (started_ == talks_.size()) return;
    // A hostile peer's connections hold their ports until their timers give them up: not the stack's fault.
    const bool is_full = hosts_[kClient].free_ports() < 4 || hosts_[kServer].free_ports() < 4;
    if (talks_[started_].is_later && is_full) {
      queue_.put(now_ + seconds(1), kStarter);
    } else {
      start(started_++);
    }
    return;
  }
  if (happening.to == kAttacker) {
    attack();
    return;
  }
  if (happening.to == kHealer) return;
  const unsigned host = happening.to;
  if (!happening.bytes.empty()) {
    remember(host, happening.bytes);
    if (tracing_) {
      if (const auto arrived = read_packet(happening.bytes)) {
        const auto& h = arrived->header;
        std::printf("%12.6f > host %u %5u>%u seq %u ack %u flags %02x win %u len %zu\n", Duration{now_.ns}.seconds(),
                    host, arrived->flow.remote.port, arrived->flow.local.port, h.sequence.value(),
                    h.acknowledgment.value(), h.flags.bits(), h.window, arrived->payload.size());
      } else {
        std::printf("%12.6f > host %u broken packet of %zu bytes\n", Duration{now_.ns}.seconds(), host,
                    happening.bytes.size());
      }
    }
    hosts_[host].receive(std::move(happening.bytes));
    // A host that is paused or about to wake finds it then; one that sleeps is woken.
    if (wake_at_[host] == kNever || wake_at_[host] > now_ + shape_.host[host].pause_max) {
      wake_at_[host] = now_;
      queue_.put(now_, host);
    } else if (shape_.host[host].pause == 0 && wake_at_[host] > now_ + shape_.host[host].turn) {
      wake_at_[host] = now_ + shape_.host[host].turn;
      queue_.put(wake_at_[host], host);
    }
    return;
  }
  if (wake_at_[host] == now_) turn(host);  // else it was woken earlier and wants to sleep on
}

void World::check(bool thoroughly) {
  if (!thoroughly) return;
  for (unsigned i = 0; i < 2; ++i) {
    if (const auto broken = hosts_[i].stack().broken_invariant(); !broken.empty()) {
      complain("host " + std::to_string(i) + ": does not hold: " + std::string(broken));
    }
  }
}

bool World::is_over(const Talk& talk) const {
  const bool client = talk.client >= 0 && hosts_[kClient].speaker(static_cast<std::size_t>(talk.client)).has_ended();
  const bool server = talk.server < 0 || hosts_[kServer].speaker(static_cast<std::size_t>(talk.server)).has_ended();
  return client && server;
}

bool World::is_quiet() const {
  return started_ == talks_.size() && std::ranges::all_of(talks_, [&](const Talk& talk) { return is_over(talk); });
}

void World::end_faults() {
  for (Link& link : links_) link.heal();
  for (unsigned i = 0; i < 2; ++i) {
    hosts_[i].behave();
    shape_.host[i].pause = 0;
  }
  attacks_left_ = 0;
}

void World::judge_talks() {
  for (std::size_t i = 0; i < talks_.size(); ++i) {
    const Talk& talk = talks_[i];
    ++result_.talks;
    const std::string name = "talk " + std::to_string(i) + (talk.is_later ? " (of the second phase)" : "");
    if (!is_over(talk)) {
      complain(name + " never ended");
      continue;
    }
    const Speaker& client = hosts_[kClient].speaker(static_cast<std::size_t>(talk.client));
    const bool both = talk.server >= 0 && client.is_complete() &&
                      hosts_[kServer].speaker(static_cast<std::size_t>(talk.server)).is_complete();
    if (both) continue;
    ++result_.failed;
    if (talk.is_later) complain(name + " failed without a fault");
  }
}

WorldResult World::run() {
  for (std::size_t i = 0; i < shape_.talks.size(); ++i) {
    queue_.put(Instant{} + micros(rng_.below(static_cast<std::uint32_t>(shape_.faults_for.micros() / 2))), kStarter);
  }
  if (attacks_left_ > 0) queue_.put(Instant{} + millis(1), kAttacker);
  const Instant healed = Instant{} + shape_.faults_for;
  queue_.put(healed, kHealer);
  bool is_healed = false;
  const Instant limit = healed + kPatience;
  while (!queue_.empty() && queue_.next() < limit && result_.violations.empty()) {
    if (!is_healed && queue_.next() >= healed) {
      now_ = healed;
      end_faults();
      is_healed = true;
      for (std::size_t i = 0; i < shape_.later.size(); ++i) {
        queue_.put(healed + micros(rng_.below(2'000'000)), kStarter);
      }
    }
    happen(queue_.take());
    if (is_healed && hosts_[0].leaks().empty() && hosts_[1].leaks().empty() && is_quiet()) break;
  }
  check(true);
  if (result_.violations.empty()) {
    judge_talks();
    for (unsigned i = 0; i < 2; ++i) {
      if (const std::string leak = hosts_[i].leaks(); !leak.empty()) {
        complain("host " + std::to_string(i) + " still holds " + leak);
      }
      if (const std::string verdict = guessers_[i].verdict(); !verdict.empty()) {
        complain("of host " + std::to_string(i) + ": " + verdict);
      }
    }
  }
  for (unsigned i = 0; i < 2; ++i) {
    result_.link[i] = links_[i].tally();
    add_counters(hosts_[i].stack().counters(), result_.events);
  }
  return result_;
}

}  // namespace wp::sim::packet
