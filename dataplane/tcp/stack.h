// All connections of a shard: which one a segment is for, which are due, which have something to send, and which port
// each serves. What it is asked to do per call is bounded: a segment, the ports that are ready, the timers that are
// due.
//
// A turn: on_segment for each that came, step for ports and timers, then poll_transmit until it has nothing or the
// device takes no more.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/base/pool.h"
#include "dataplane/base/ready_list.h"
#include "dataplane/base/rng.h"
#include "dataplane/stream/port_table.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/secret.h"
#include "dataplane/tcp/table.h"
#include "dataplane/tcp/timing_wheel.h"

namespace wp::tcp {

struct StackLimits {
  std::uint32_t connections = 32'768;  // in any state, TIME_WAIT too
  std::uint32_t half_open = 4'096;     // begun by a peer and not established
  std::uint32_t pieces = 16'384;       // out of order, of all connections together
  std::uint32_t resets = 64;           // for segments without a connection, waiting to be sent
  std::uint16_t first_port = 32'768;   // source ports for connections begun by us
  std::uint16_t last_port = 60'999;
};

// A segment to be sent. `queued` holds the payload until its acknowledgment; valid until the stack's next call.
struct Outgoing {
  Flow flow{};
  wire::TcpHeader header{};
  const stream::Chain* queued = nullptr;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

class Stack {
 public:
  Stack(const TcpConfig& config, const StackLimits& limits, stream::PortTable& ports, Rng& rng, Instant start);
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  // Answers SYNs to this address and port.
  void listen(const Endpoint& local) { listeners_.push_back(local); }
  // The address from which connections to its family are begun.
  void use_source(const Endpoint& local) { sources_.push_back(local); }

  // A segment whose checksum is right; `flow` as we see it. The payload is taken over.
  void on_segment(Instant now, const Flow& flow, const wire::TcpHeader& header, stream::Slice&& payload);
  // An ICMP error about a packet that we sent (wire::QuotedTcp), its MTU in bytes of IP.
  void on_too_big(const Flow& flow, SeqNumber sequence, std::uint32_t mtu);
  // Takes what the applications want from their ports, and the timers that are due.
  void step(Instant now);
  [[nodiscard]] std::optional<Outgoing> poll_transmit(Instant now);
  // `now` while something waits to be sent, kNever when nothing will ever happen by itself.
  [[nodiscard]] Instant next_deadline(Instant now) const;

  [[nodiscard]] const TcpCounters& counters() const { return shared_.counters; }
  [[nodiscard]] std::uint32_t connections() const { return connections_.live(); }
  [[nodiscard]] std::uint32_t half_open() const { return half_open_; }
  [[nodiscard]] const PiecePool& pieces() const { return shared_.pieces; }
  [[nodiscard]] Connection* find(const Flow& flow);
  // The first rule that the stack's own books break, for tests; walks everything.
  [[nodiscard]] std::string_view broken_invariant();
  // Memory that a connection takes, whatever it does: bytes.
  [[nodiscard]] static std::size_t bytes_per_connection();

 private:
  struct Reset {
    Flow flow{};
    wire::TcpHeader header{};
  };

  [[nodiscard]] stream::StreamPort* port_of(std::uint32_t index);
  [[nodiscard]] Connection::Opening opening(Instant now, const Flow& flow) const;
  void on_unknown(Instant now, const Flow& flow, const wire::TcpHeader& header, std::uint32_t payload);
  void accept(Instant now, const Flow& flow, const wire::TcpHeader& syn, std::optional<SeqNumber> beyond);
  void adopt(Handle connection, const Flow& flow, stream::PortId port);
  void refuse(const Flow& flow, const wire::TcpHeader& header, std::uint32_t payload);
  void step_port(Instant now, stream::PortId id);
  void connect(Instant now, stream::PortId id);
  [[nodiscard]] bool choose_source(const Endpoint& remote, Flow& flow);
  // What the connection has to tell goes to its port; who has ended is freed. False when it was.
  bool settle(std::uint32_t index);
  void tell_port(std::uint32_t index, Event event);
  void let_port_go(std::uint32_t index);
  void release(std::uint32_t index);
  void make_room();
  [[nodiscard]] bool is_listening(const Endpoint& local) const;

  Rng draws_;  // of its own: what others can watch of it tells them nothing of the secret
  Shared shared_;
  StackLimits limits_;
  stream::PortTable* ports_;
  Secret secret_;
  ConnectionTable table_;
  Pool<Connection> connections_;
  TimingWheel wheel_;
  ReadyList sendable_;
  ReadyList time_waits_;                 // oldest first
  std::vector<stream::PortId> port_of_;  // by connection
  std::vector<Handle> connection_of_;    // by port
  std::vector<bool> is_half_open_;       // by connection
  std::vector<Endpoint> listeners_;
  std::vector<Endpoint> sources_;
  std::vector<Reset> resets_;
  std::uint32_t half_open_ = 0;
  std::uint32_t sources_chosen_ = 0;
};

}  // namespace wp::tcp
