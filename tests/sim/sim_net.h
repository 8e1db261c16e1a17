// A transport made of queues: the stream world's network. To a shard it is one more net (dataplane/net/transport.h);
// the other end of every connection is a SimConn that modelled clients and replicas read and write as plain strings, so
// that the oracle shares no code with what it judges.
//
// Time is the caller's. Bytes are cut into segments of random size that arrive after random delays, in order, when the
// NetShape says so; with the default shape everything arrives at once.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/endpoint.h"
#include "dataplane/base/rng.h"
#include "dataplane/base/time.h"
#include "dataplane/stream/port_table.h"

namespace wp::sim {

struct NetShape {
  std::uint32_t max_segment = 0;  // 0: uncut
  Duration max_delay{0};          // each segment waits 0..max_delay
  Duration connect_delay{0};
};

// The world's end of one connection.
class SimConn {
 public:
  // Bytes that arrived from the shard; the caller takes what it wants.
  [[nodiscard]] std::string& inbox() { return inbox_; }
  [[nodiscard]] bool fin_received() const { return fin_received_; }
  [[nodiscard]] bool reset_received() const { return reset_received_; }
  // The shard's end is gone and everything it sent has arrived.
  [[nodiscard]] bool over() const { return fin_received_ || reset_received_; }

  void send(std::string_view bytes) { outbox_ += bytes; }
  void finish() { finishing_ = true; }
  void reset() { resetting_ = true; }
  // At most this many unread bytes are taken into the inbox: a slow reader.
  void set_window(std::uint32_t bytes) { window_ = bytes; }
  [[nodiscard]] const Endpoint& remote() const { return remote_; }
  [[nodiscard]] bool sends_pending() const { return !outbox_.empty() || !in_flight_.empty(); }

 private:
  friend class SimNet;
  struct Segment {
    Instant due;
    std::string bytes;
    bool fin = false;
    bool reset = false;
  };

  stream::PortId port_;
  Endpoint remote_;  // the shard's peer: a client's address, or the replica connected to
  std::string inbox_;
  std::string outbox_;             // not yet cut
  std::deque<Segment> in_flight_;  // towards the shard
  Instant connected_at_;
  std::uint32_t window_ = UINT32_MAX;
  bool outgoing_ = false;  // the shard opened it
  bool connecting_ = false;
  bool blocked_ = false;  // what is due finds no credit or buffer: it waits for the application, not for time
  bool finishing_ = false;
  bool resetting_ = false;
  bool end_queued_ = false;  // FIN or reset is among in_flight_
  bool fin_received_ = false;
  bool reset_received_ = false;
  bool port_gone_ = false;
};

class SimNet {
 public:
  SimNet(stream::PortTable& ports, std::uint64_t seed, NetShape shape = {});
  ~SimNet();
  SimNet(const SimNet&) = delete;
  SimNet& operator=(const SimNet&) = delete;

  // --- the world's side
  // A client's connection; nullptr when the shard has no room.
  [[nodiscard]] std::shared_ptr<SimConn> connect(const Endpoint& client);
  // Connections that the shard opened to `replica` since the last call. Addresses nobody listens on refuse.
  void listen(const Endpoint& replica) { accepted_[key(replica)]; }
  void stop_listening(const Endpoint& replica);
  // A listener that lets handshakes hang.
  void set_black_hole(const Endpoint& replica, bool on) { black_holes_[key(replica)] = on; }
  [[nodiscard]] std::vector<std::shared_ptr<SimConn>> take_accepted(const Endpoint& replica);
  [[nodiscard]] std::size_t connections() const { return conns_.size(); }
  // Bytes that went where the application had offered room.
  [[nodiscard]] std::uint64_t landed() const { return landed_; }

  // --- the shard's side: a Transport
  void enter(Duration) {}
  void receive(Instant now);
  void flush(Instant now);
  [[nodiscard]] Instant next_deadline() const;

 private:
  static std::string key(const Endpoint& endpoint) { return to_string(endpoint); }
  void serve(stream::StreamPort& port);
  void begin_connect(stream::StreamPort& port);
  void finish_connects();
  void cut_outbox(SimConn& conn);
  bool deliver_due(SimConn& conn);
  void take_tx(SimConn& conn);
  void end_port(SimConn& conn);

  stream::PortTable& ports_;
  Rng rng_;
  NetShape shape_;
  std::uint64_t landed_ = 0;
  Instant now_{0};
  std::vector<std::shared_ptr<SimConn>> conns_;  // in order of making: nothing here depends on addresses
  std::map<std::string, std::vector<std::shared_ptr<SimConn>>> accepted_;
  std::map<std::string, bool> black_holes_;
};

}  // namespace wp::sim
