// One world: a shard, its network, clients, replicas, and a configuration that may change under them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/balance/ring_builder.h"
#include "dataplane/balance/snapshot.h"
#include "dataplane/shard/shard.h"
#include "tests/sim/shape.h"
#include "tests/sim/sim_client.h"
#include "tests/sim/sim_net.h"
#include "tests/sim/sim_replica.h"
#include "tests/sim/sim_slow.h"

namespace wp::sim {

struct WorldResult {
  std::vector<std::string> violations;  // empty: the world is in order
  std::uint64_t trace = 0;
  std::uint64_t turns = 0;
  ClientTally tally;
  std::uint64_t made_room = 0;  // connections let go or turned away because of slow peers
};

class StreamWorld {
 public:
  StreamWorld(std::uint64_t seed, bool print);
  ~StreamWorld();

  // Runs both phases and the oracles.
  [[nodiscard]] WorldResult run();
  [[nodiscard]] const Shape& shape() const { return shape_; }

 private:
  void make_shard();
  void tighten(stream::StreamLimits& limits);
  // Slow peers come first and take what they get.
  void let_slow_peers_settle();
  [[nodiscard]] std::uint64_t made_room() const;
  void publish();
  void change_something();
  void turn();
  // Turns until every client is done; false when the world stands still or takes too long.
  [[nodiscard]] bool run_until_done(const char* phase);
  void advance();
  void judge_end();
  void describe_standstill();
  void describe_limits() const;
  void complain(std::string what) { violations_.push_back(std::move(what)); }
  [[nodiscard]] ClientTally tally() const;

  Rng rng_;
  Shape shape_;
  bool print_;
  Instant now_{1'000'000'000};
  std::uint64_t turns_ = 0;

  balance::Accounts accounts_{64, 4};
  balance::Residency residency_{1024, 64};
  Qsbr qsbr_;
  Published<balance::Snapshot> published_;
  std::unique_ptr<const balance::Snapshot> current_;
  balance::RingBuilder ring_{512};
  std::vector<balance::ReplicaState> states_;
  proxy::ProxyConfig config_;
  std::unique_ptr<stream::PortTable> ports_;
  std::unique_ptr<SimNet> net_;
  shard::ShardMailbox mailbox_;
  std::unique_ptr<shard::Shard<SimNet>> shard_;

  Ledger ledger_;
  std::vector<std::unique_ptr<SimReplica>> replicas_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::vector<std::unique_ptr<SlowPeer>> slow_;
  std::vector<std::string> violations_;
};

}  // namespace wp::sim
