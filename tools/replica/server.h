// The replicas of one process behind one table of ports: new connections go to the replica whose port they came to,
// engine events to the connection that waits for them. It owns no socket; any transport, or a pair in a test, does.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "dataplane/base/deadlines.h"
#include "dataplane/base/time.h"
#include "dataplane/stream/port_table.h"
#include "tools/replica/connection.h"
#include "tools/replica/replica.h"

namespace wp::replica {

class Server {
 public:
  Server(stream::PortTable& ports, const ConnectionLimits& limits);

  // The replica that answers connections to local port `port`. It must outlive the server.
  void add(std::uint16_t port, Replica& replica);

  // Works off ready ports, due tokens and idle connections.
  void step(Instant now);

  // When step() must be called next though no port is ready; kNever when nothing is due.
  [[nodiscard]] Instant next_deadline() const;

  [[nodiscard]] std::uint32_t connections() const { return open_; }

 private:
  // After a turn in which buffers were short, when to try again.
  static constexpr Duration kRetryStarved = millis(1);

  void serve_port(stream::PortId id, Instant now);
  void serve_engine(Replica& replica, Instant now);
  // The open connection of a port, or nullptr.
  [[nodiscard]] Connection* find(stream::PortId id);
  void after(Connection& connection, Life life, Instant now);

  stream::PortTable& ports_;
  ConnectionLimits limits_;
  std::unordered_map<std::uint16_t, Replica*> replicas_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by port index
  Deadlines idle_;
  std::vector<stream::PortId> starved_;
  Instant starved_since_;
  std::vector<Event> events_;
  std::uint32_t open_ = 0;
};

}  // namespace wp::replica
