#include "tests/sim/stream_world.h"

#include <algorithm>
#include <cstdio>

#include "dataplane/balance/seal.h"

namespace wp::sim {
namespace {

constexpr std::uint64_t kMaxTurns = 400'000;
constexpr std::uint32_t kLastRequests = 2;  // per client, with the faults off

Endpoint replica_address(std::uint32_t i) {
  Endpoint endpoint;
  endpoint.family = Endpoint::Family::v4;
  endpoint.address = {10, 0, 0, static_cast<std::uint8_t>(i + 1)};
  endpoint.port = 8000;
  return endpoint;
}

}  // namespace

StreamWorld::StreamWorld(std::uint64_t seed, bool print) : rng_(seed), shape_(draw_shape(rng_)), print_(print) {
  make_shard();
  for (std::uint32_t i = 0; i < shape_.replicas; ++i) {
    replicas_.push_back(std::make_unique<SimReplica>(*net_, replica_address(i), shape_, ledger_, rng_.next()));
  }
  states_.assign(shape_.replicas, balance::ReplicaState::up);
  publish();
  shard_ = std::make_unique<shard::Shard<SimNet>>(
      0, config_, shard::SharedState{published_, qsbr_, accounts_, residency_}, *ports_, *net_, mailbox_);
  for (std::uint32_t i = 0; i < shape_.clients; ++i) {
    clients_.push_back(std::make_unique<SimClient>(*net_, shape_, i, rng_.next()));
  }
  for (std::uint32_t i = 0; i < shape_.slow; ++i) {
    const auto mode = static_cast<SlowMode>(rng_.below(kSlowModes));
    slow_.push_back(std::make_unique<SlowPeer>(*net_, mode, i, rng_.next()));
  }
}

StreamWorld::~StreamWorld() {
  shard_->proxy().abort_all(Reason::shutting_down);
  net_->flush(now_);
  net_.reset();  // before the shard: see Shard
  qsbr_.offline(0);
  static_cast<void>(qsbr_.reclaim());
}

void StreamWorld::make_shard() {
  config_.max_clients = 64;
  config_.max_upstreams = 64;
  config_.head_slabs = 64;
  config_.body.max_body = 1024 * 1024;
  config_.body.entries = {64, 64, 32, 16};
  config_.idle_per_replica = rng_.between(1, 8);
  config_.requests_per_upstream = rng_.chance(0.3) ? rng_.between(1, 3) : 1'000'000;
  config_.seed = rng_.next();
  stream::StreamLimits limits;
  limits.ports = 160;
  limits.accepted = config_.max_clients;
  limits.nodes = 8192;
  limits.receive_entries = 2048;
  limits.slab_entries = 2048;
  if (shape_.small_pools) {
    // Few enough that every limit is met, and enough that one connection alone can always move.
    limits.ports = shape_.clients + rng_.between(2, 12);
    limits.receive_entries = rng_.between(40, 120);
    limits.slab_entries = rng_.between(40, 120);
    limits.nodes = 1024;
    limits.rx_limit = limits.tx_limit = 16 * 1024;
    config_.head_slabs = rng_.between(2, 8);
    config_.body.entries = {rng_.between(1, 8), rng_.between(1, 4), 2, 1};
  }
  if (shape_.slow > 0) tighten(limits);
  ports_ = std::make_unique<stream::PortTable>(limits);
  net_ = std::make_unique<SimNet>(*ports_, rng_.next(), shape_.net);
}

// Little more than the clients alone can use at one time, so that slow peers hold what others want.
void StreamWorld::tighten(stream::StreamLimits& limits) {
  config_.max_clients = shape_.clients + rng_.between(2, 8);
  config_.max_per_source = 3;
  config_.head_slabs = shape_.clients + rng_.between(1, 4);
  for (std::uint32_t& entries : config_.body.entries) entries = shape_.clients + rng_.below(4);
  limits.accepted = config_.max_clients;
  limits.ports = config_.max_clients + config_.max_upstreams;
  if (rng_.chance(0.5)) limits.receive_entries = rng_.between(100, 300);
  if (rng_.chance(0.5)) limits.slab_entries = rng_.between(100, 300);
}

void StreamWorld::let_slow_peers_settle() {
  for (std::uint32_t left = shape_.slow > 0 ? rng_.below(400) : 0; left > 0; --left) {
    for (auto& peer : slow_) peer->step(now_);
    for (auto& replica : replicas_) replica->step();
    shard_->turn(now_);
    advance();
  }
}

std::uint64_t StreamWorld::made_room() const {
  std::uint64_t count = 0;
  for (const Reason why : {Reason::shed_silent, Reason::shed_head, Reason::shed_idle, Reason::shed_body,
                           Reason::shed_reader, Reason::shed_ahead, Reason::source_limit}) {
    count += shard_->proxy().counters().reasons.value(why);
  }
  return count;
}

void StreamWorld::publish() {
  auto next = std::make_unique<balance::Snapshot>();
  next->version = current_ ? current_->version + 1 : 1;
  balance::Pool pool;
  pool.name = "sim";
  pool.strategy = shape_.strategy;
  pool.bounds.streams_floor = 2;
  if (shape_.silent > 0) pool.timeouts.first_byte = millis(300);
  for (std::uint32_t i = 0; i < shape_.replicas; ++i) {
    balance::Replica replica;
    replica.ref = {i, 1};
    replica.name = to_string(replica_address(i));
    replica.authority = replica.name;
    replica.endpoints = {replica_address(i)};
    replica.state = states_[i];
    pool.members.push_back(static_cast<std::uint16_t>(i));
    next->replicas.push_back(std::move(replica));
  }
  next->pools.push_back(std::move(pool));
  next->routes.push_back({});
  balance::seal(*next);
  WP_ASSERT(ring_.assign(balance::ring_members(*next, next->pools[0])));
  next->pools[0].ring = ring_.build();
  published_.replace(next.get());
  if (current_) {
    const balance::Snapshot* old = current_.release();
    qsbr_.retire([old] { delete old; });
  }
  current_ = std::move(next);
  static_cast<void>(qsbr_.reclaim());
}

void StreamWorld::change_something() {
  if (shape_.down > 0 && rng_.chance(0.01)) {
    replicas_[rng_.below(shape_.replicas)]->set_down(rng_.chance(shape_.down));
  }
  if (!shape_.changes || !rng_.chance(0.02)) return;
  constexpr balance::ReplicaState kStates[] = {balance::ReplicaState::up, balance::ReplicaState::up,
                                               balance::ReplicaState::draining, balance::ReplicaState::down};
  states_[rng_.below(shape_.replicas)] = kStates[rng_.below(4)];
  publish();
}

void StreamWorld::turn() {
  for (auto& client : clients_) client->step();
  for (auto& peer : slow_) peer->step(now_);
  for (auto& replica : replicas_) replica->step();
  shard_->turn(now_);
  ++turns_;
}

// Time moves to what is due next, a little at a time: the modelled ends act every turn, too.
void StreamWorld::advance() {
  const Instant due = shard_->next_deadline(now_);
  const Instant soon = now_ + micros(rng_.between(1, shape_.slow > 0 ? 5000 : 500));
  now_ = due > now_ ? earlier(due, soon) : now_ + micros(1);
}

bool StreamWorld::run_until_done(const char* phase) {
  const std::uint64_t limit = turns_ + kMaxTurns;
  while (!std::ranges::all_of(clients_, [](const auto& client) { return client->done(); })) {
    if (turns_ >= limit) {
      complain(std::string(phase) + ": not done after " + std::to_string(kMaxTurns) + " turns");
      if (print_) describe_standstill();
      return false;
    }
    if (turns_ % 16 == 0 && phase[0] == 'f') change_something();
    turn();
    advance();
  }
  return true;
}

void StreamWorld::describe_standstill() {
  const proxy::ProxyCounters& counters = shard_->proxy().counters();
  std::printf("standing still at %.6f s: clients=%u exchanges=%u ports=%u ready=%u/%u due=%.6f s stalls=%llu\n",
              (now_ - Instant{0}).seconds(), shard_->proxy().clients(), shard_->proxy().exchanges(), ports_->live(),
              ports_->application_ready(), ports_->transport_ready(),
              (shard_->next_deadline(now_) - Instant{0}).seconds(),
              static_cast<unsigned long long>(counters.relay_stalls.value()));
  ports_->for_each([](const stream::StreamPort& port) {
    std::printf("  port %u owner=%llx remote=%s rx=%u tx=%u open=%d paused=%d fin=%d failed=%d\n", port.id().index,
                static_cast<unsigned long long>(port.owner()), to_string(port.remote()).c_str(), port.rx().bytes(),
                port.tx_bytes(), port.is_open(), port.rx_paused(), port.peer_closed(), port.failed());
  });
}

// What was refused, closed and decided, and which pool stopped accepting.
void StreamWorld::describe_limits() const {
  for (std::size_t i = 1; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    const std::uint64_t count = shard_->proxy().counters().reasons.value(reason);
    if (count > 0) std::printf("%s=%llu ", std::string(word(reason)).c_str(), static_cast<unsigned long long>(count));
  }
  for (std::size_t i = 0; i < stream::kPoolNames; ++i) {
    const auto pool = static_cast<stream::PoolName>(i);
    const std::uint64_t pauses = ports_->admission().pauses(pool).value();
    if (pauses > 0)
      std::printf("pauses:%s=%llu ", std::string(word(pool)).c_str(), static_cast<unsigned long long>(pauses));
  }
  std::printf("\n");
}

ClientTally StreamWorld::tally() const {
  ClientTally sum;
  for (const auto& client : clients_) {
    sum.sent += client->tally().sent;
    sum.whole += client->tally().whole;
    sum.errors += client->tally().errors;
    sum.cut += client->tally().cut;
    sum.left += client->tally().left;
  }
  return sum;
}

void StreamWorld::judge_end() {
  for (auto& client : clients_) client->hang_up();
  for (auto& peer : slow_) peer->leave();
  slow_.clear();
  // Idle connections to replicas end by their time; then nothing may be left.
  for (int i = 0; i < 400; ++i) {
    turn();
    now_ = now_ + millis(50);
  }
  const proxy::ProxyCounters& counters = shard_->proxy().counters();
  if (shard_->proxy().clients() != 0) complain("client connections are left");
  if (shard_->proxy().exchanges() != 0 || counters.in_flight.value() != 0) complain("exchanges are left");
  if (counters.upstream_busy.value() != 0) complain("busy upstream connections are left");
  if (counters.upstream_idle.value() != 0) complain("idle upstream connections are left");
  if (ports_->live() != 0) complain("ports are left: " + std::to_string(ports_->live()));
  if (ports_->receive_pool().held() != 0) complain("receive buffers are held");
  if (ports_->slabs().held() != 0) complain("slabs are held");
  if (ports_->nodes().available() != ports_->limits().nodes) complain("chain nodes are held");
  if (counters.body_slabs.value() != 0) complain("body slabs are held");
  for (std::uint32_t id = 0; id < shape_.replicas; ++id) {
    const balance::Load load = accounts_.load(id);
    if (load.prefill != 0 || load.streams != 0 || accounts_.charged(id) != accounts_.released(id)) {
      complain("replica " + std::to_string(id) + " is still charged");
    }
  }
  for (const auto& client : clients_) {
    for (const std::string& what : client->violations()) complain(what);
  }
  for (const std::string& what : ledger_.violations) complain(what);
}

WorldResult StreamWorld::run() {
  if (print_) std::printf("%s\n", shape_.text().c_str());
  let_slow_peers_settle();
  if (run_until_done("faults on")) {
    const ClientTally before = tally();
    if (shape_.clean() && before.whole != before.sent) complain("a request failed in a world without faults");
    for (auto& replica : replicas_) {
      replica->faults_off();
      replica->set_down(false);
    }
    states_.assign(shape_.replicas, balance::ReplicaState::up);
    publish();
    for (auto& peer : slow_) peer->leave();
    slow_.clear();
    // Connections from before still break as they were told to; new ones do not.
    for (auto& client : clients_) client->hang_up();
    for (int i = 0; i < 200; ++i) {
      turn();
      now_ = now_ + millis(50);
    }
    for (auto& client : clients_) client->send_more(kLastRequests);
    if (run_until_done("liveness")) {
      const ClientTally after = tally();
      const std::uint32_t wanted = kLastRequests * shape_.clients;
      if (!shape_.small_pools && after.whole - before.whole != wanted) complain("a request failed with the faults off");
      if (after.sent != after.whole + after.errors + after.cut + after.left) complain("a request has no outcome");
    }
  }
  judge_end();
  WorldResult result{violations_, 0xcbf29ce484222325ULL, turns_, tally(), made_room()};
  for (const auto& client : clients_) result.trace = mix64(result.trace ^ client->trace());
  if (print_) {
    std::printf("sent=%u whole=%u errors=%u cut=%u left=%u turns=%llu trace=%016llx\n", result.tally.sent,
                result.tally.whole, result.tally.errors, result.tally.cut, result.tally.left,
                static_cast<unsigned long long>(turns_), static_cast<unsigned long long>(result.trace));
    describe_limits();
  }
  return result;
}

}  // namespace wp::sim
