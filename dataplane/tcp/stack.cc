#include "dataplane/tcp/stack.h"

#include <algorithm>

#include "dataplane/base/assert.h"

namespace wp::tcp {

using stream::PortId;
using stream::Slice;
using stream::StreamPort;
using wire::TcpFlag;
using wire::TcpHeader;

namespace {

constexpr std::uint32_t kIpv6LeastMtu = 1'280;  // RFC 8200, section 5

}  // namespace

Stack::Stack(const TcpConfig& config, const StackLimits& limits, stream::PortTable& ports, Rng& rng, Instant start)
    : draws_(rng.next()),
      shared_(config, limits.pieces, draws_),
      limits_(limits),
      ports_(&ports),
      secret_(rng),
      table_(limits.connections, secret_),
      connections_(limits.connections),
      wheel_(limits.connections, start),
      sendable_(limits.connections),
      time_waits_(limits.connections),
      port_of_(limits.connections),
      connection_of_(ports.capacity()),
      is_half_open_(limits.connections) {
  resets_.reserve(limits.resets);
}

std::size_t Stack::bytes_per_connection() {
  // The table is at most half full; the wheel's entry is 40 bytes, each of the two lists' 12.
  return sizeof(Connection) + 8 + sizeof(StreamPort) + 8 + 2 * 8 + sizeof(Flow) + 4 + 40 + 2 * 12 + 2 * sizeof(Handle) +
         1;
}

bool Stack::is_listening(const Endpoint& local) const {
  return std::ranges::find(listeners_, local) != listeners_.end();
}

StreamPort* Stack::port_of(std::uint32_t index) {
  return port_of_[index].valid() ? ports_->find(port_of_[index]) : nullptr;
}

Connection* Stack::find(const Flow& flow) {
  const std::uint32_t index = table_.find(flow);
  return index == ConnectionTable::kNone ? nullptr : &connections_.get(connections_.at(index));
}

Connection::Opening Stack::opening(Instant now, const Flow& flow) const {
  // Headers without options: RFC 6691.
  const bool v4 = flow.local.family == Endpoint::Family::v4;
  const std::uint16_t headers = v4 ? 40 : 60;
  return {.now = now,
          .initial = secret_.initial_sequence(flow, now),
          .timestamp_offset = secret_.timestamp_offset(flow),
          .receive_limit = ports_->limits().rx_limit,
          .mss = static_cast<std::uint16_t>(shared_.config.mtu - headers),
          .peer_mss = v4 ? kDefaultMss : kDefaultMssV6};
}

void Stack::adopt(Handle connection, const Flow& flow, PortId port) {
  table_.insert(flow, connection.index);
  port_of_[connection.index] = port;
  is_half_open_[connection.index] = false;
  if (port.valid()) connection_of_[port.index] = connection;
  sendable_.push(connection.index);
}

// RFC 9293, section 3.10.7.1.
void Stack::refuse(const Flow& flow, const TcpHeader& header, std::uint32_t payload) {
  if (resets_.size() >= limits_.resets) {
    shared_.counters.resets_dropped.add();
    return;
  }
  TcpHeader reset{.flags = {TcpFlag::rst}};
  if (header.flags.has(TcpFlag::ack)) {
    reset.sequence = header.acknowledgment;
  } else {
    reset.flags.add(TcpFlag::ack);
    reset.acknowledgment = header.sequence + wire::sequence_length(header.flags, payload);
  }
  resets_.push_back({flow, reset});
}

// `beyond`: what a connection of the same flow before this one had sent.
void Stack::accept(Instant now, const Flow& flow, const TcpHeader& syn, std::optional<SeqNumber> beyond) {
  Connection::Opening with = opening(now, flow);
  // RFC 9293, section 3.6.1: "the initial sequence number for the new connection" is to be "larger than the largest
  // sequence number it used on the previous connection incarnation".
  if (beyond && with.initial <= *beyond) with.initial = *beyond + 1;
  if (half_open_ < limits_.half_open) make_room();
  const Handle made = half_open_ < limits_.half_open ? connections_.make(shared_, with, syn) : Handle{};
  if (!made.valid()) {
    shared_.counters.syns_refused.add();
    return;
  }
  adopt(made, flow, {});
  is_half_open_[made.index] = true;
  ++half_open_;
}

void Stack::on_unknown(Instant now, const Flow& flow, const TcpHeader& header, std::uint32_t payload) {
  if (header.flags.has(TcpFlag::rst)) return;
  // Section 3.10.7.2: what acknowledges nothing and opens nothing, a listener drops.
  if (!header.flags.has(TcpFlag::ack) && is_listening(flow.local)) {
    const bool opens = header.flags.has(TcpFlag::syn) && !header.flags.has(TcpFlag::fin);
    if (opens) accept(now, flow, header, std::nullopt);
    return;
  }
  refuse(flow, header, payload);
}

void Stack::on_segment(Instant now, const Flow& flow, const TcpHeader& header, Slice&& payload) {
  shared_.counters.segments_received.add();
  const std::uint32_t index = table_.find(flow);
  if (index == ConnectionTable::kNone) {
    on_unknown(now, flow, header, payload.size());
    payload.reset();
    return;
  }
  Connection& connection = connections_.get(connections_.at(index));
  if (header.flags.has(TcpFlag::syn) && connection.may_be_replaced_by(header) && is_listening(flow.local)) {
    if (half_open_ >= limits_.half_open) {
      shared_.counters.syns_refused.add();
      return;
    }
    shared_.counters.time_wait_reused.add();
    const SeqNumber beyond = connection.end_of_sent();
    release(index);
    accept(now, flow, header, beyond);
    return;
  }
  // The port must be there before the handshake is complete: data may come with its last segment. Without one the
  // segment is as lost, and the peer sends it again.
  if (!port_of_[index].valid() && !connection.opened_actively() && connection.would_establish(header)) {
    const PortId port = ports_->accept(flow.local, flow.remote);
    if (!port.valid()) {
      shared_.counters.accepts_deferred.add();
      return;
    }
    port_of_[index] = port;
    connection_of_[port.index] = connections_.at(index);
  }
  const std::uint32_t size = payload.size();
  if (connection.on_segment(now, header, std::move(payload), port_of(index)) == Verdict::answer_with_reset) {
    refuse(flow, header, size);
  }
  if (settle(index)) sendable_.push(index);
}

void Stack::on_too_big(const Flow& flow, SeqNumber sequence, std::uint32_t mtu) {
  Connection* connection = find(flow);
  const bool v4 = flow.local.family == Endpoint::Family::v4;
  const std::uint32_t headers = v4 ? 40 : 60;
  if (connection == nullptr || mtu <= headers) return;
  // RFC 8201, section 4: "a next-hop MTU that is less than the IPv6 minimum link MTU, it must discard it".
  if (!v4 && mtu < kIpv6LeastMtu) return;
  const std::uint32_t options = connection->negotiated().timestamps ? 12 : 0;
  const std::uint32_t payload = std::min(mtu - headers, 0xffffU);
  connection->on_too_big(sequence, static_cast<std::uint16_t>(payload > options ? payload - options : 0));
  sendable_.push(table_.find(flow));
}

std::optional<Outgoing> Stack::poll_transmit(Instant now) {
  if (!resets_.empty()) {
    const Reset reset = resets_.back();
    resets_.pop_back();
    shared_.counters.resets_sent.add();
    shared_.counters.segments_sent.add();
    Outgoing made{.flow = reset.flow, .header = reset.header};
    made.header.source_port = reset.flow.local.port;
    made.header.destination_port = reset.flow.remote.port;
    return made;
  }
  std::uint32_t index = 0;
  while (sendable_.pop(index)) {
    Connection& connection = connections_.get(connections_.at(index));
    StreamPort* port = port_of(index);
    const auto segment = connection.poll_transmit(now, port);
    if (!segment) {
      if (settle(index)) {
        sendable_.remove(index);
        wheel_.arm(index, connection.next_deadline());
      }
      continue;
    }
    // Back to the end of the line: one connection's window does not hold up the others.
    sendable_.push(index);
    shared_.counters.segments_sent.add();
    Outgoing made{.flow = table_.flow(index), .header = segment->header};
    made.header.source_port = made.flow.local.port;
    made.header.destination_port = made.flow.remote.port;
    made.queued = port != nullptr ? &port->tx() : nullptr;
    made.offset = segment->offset;
    made.length = segment->length;
    return made;
  }
  return std::nullopt;
}

Instant Stack::next_deadline(Instant now) const {
  return sendable_.empty() && resets_.empty() ? wheel_.next() : now;
}

std::string_view Stack::broken_invariant() {
  std::string_view broken;
  connections_.for_each([&](Handle handle, const Connection& connection) {
    if (broken.empty()) broken = connection.broken_invariant(port_of(handle.index));
    const bool waits = sendable_.contains(handle.index);
    if (broken.empty() && !waits && wheel_.slots_of(handle.index) != 1) broken = "each is in one slot of the wheel";
    if (broken.empty() && !waits && wheel_.armed(handle.index) > connection.next_deadline()) {
      broken = "the wheel knows the deadline";
    }
    const bool is_over = connection.state() == State::time_wait;
    if (broken.empty() && is_over != time_waits_.contains(handle.index)) broken = "who is in TIME_WAIT is on its list";
    if (broken.empty() && table_.find(table_.flow(handle.index)) != handle.index) broken = "the table finds each";
  });
  if (broken.empty() && table_.size() != connections_.live()) broken = "the table holds as many as there are";
  return broken;
}

}  // namespace wp::tcp
