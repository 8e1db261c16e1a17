// The load generator before simulated replicas in the stream world: pairs instead of sockets, time moved by hand.
#pragma once

#include <memory>
#include <vector>

#include "dataplane/stream/pair.h"
#include "tools/load/load.h"
#include "tools/replica/server.h"

namespace wp::load {

class World {
 public:
  static constexpr std::uint16_t kPort = 9001;

  explicit World(replica::ReplicaConfig config = {}, const replica::ConnectionLimits& limits = {});

  [[nodiscard]] static Endpoint target();
  // Lets time pass up to `limit`, working off everything at its exact due time, until the load is done.
  void run(Load& load, Duration limit = seconds(1000));

  [[nodiscard]] stream::PortTable& ports() { return client_ports_; }
  [[nodiscard]] replica::Replica& replica() { return replica_; }
  [[nodiscard]] Instant now() const { return now_; }
  // New connections go nowhere: their handshake is never answered.
  bool deaf = false;

 private:
  bool turn(Load& load);
  void adopt();

  Instant now_{1'000'000'000};
  stream::PortTable client_ports_;
  stream::PortTable server_ports_;
  replica::Server server_;
  replica::Replica replica_;
  std::vector<std::unique_ptr<stream::StreamPair>> pairs_;
};

}  // namespace wp::load
