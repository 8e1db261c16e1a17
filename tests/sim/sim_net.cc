#include "tests/sim/sim_net.h"

#include <algorithm>

#include "dataplane/base/assert.h"
#include "dataplane/net/receive_policy.h"
#include "dataplane/net/transport.h"

namespace wp::sim {

static_assert(net::Transport<SimNet>);

SimNet::SimNet(stream::PortTable& ports, std::uint64_t seed, NetShape shape)
    : ports_(ports), rng_(seed), shape_(shape) {}

SimNet::~SimNet() {
  // As any transport: every port it made or adopted is ended here, so that no slice outlives its pool.
  for (auto& conn : conns_) {
    stream::StreamPort* port = ports_.find(conn->port_);
    if (port == nullptr) continue;
    if (!port->closing() && !port->aborting()) port->abort(Reason::shutting_down);
    ports_.destroy(conn->port_);
  }
}

std::shared_ptr<SimConn> SimNet::connect(const Endpoint& client) {
  if (!ports_.may_accept()) return nullptr;
  Endpoint local;
  local.family = Endpoint::Family::v4;
  local.port = 8080;
  const stream::PortId id = ports_.accept(local, client);
  if (!id.valid()) return nullptr;
  auto conn = std::make_shared<SimConn>();
  conn->port_ = id;
  conn->remote_ = client;
  conns_.push_back(conn);
  return conn;
}

std::vector<std::shared_ptr<SimConn>> SimNet::take_accepted(const Endpoint& replica) {
  const auto found = accepted_.find(key(replica));
  return found == accepted_.end() ? std::vector<std::shared_ptr<SimConn>>{} : std::exchange(found->second, {});
}

// Whoever was not accepted yet is reset, as a kernel does.
void SimNet::stop_listening(const Endpoint& replica) {
  for (auto& conn : take_accepted(replica)) conn->reset();
  accepted_.erase(key(replica));
}

void SimNet::begin_connect(stream::StreamPort& port) {
  port.connect_started();
  auto conn = std::make_shared<SimConn>();
  conn->port_ = port.id();
  conn->remote_ = port.remote();
  conn->outgoing_ = conn->connecting_ = true;
  conn->connected_at_ = now_ + shape_.connect_delay;
  conns_.push_back(conn);
}

void SimNet::finish_connects() {
  for (auto& conn : conns_) {
    if (!conn->connecting_ || conn->connected_at_ > now_ || black_holes_[key(conn->remote_)]) continue;
    conn->connecting_ = false;
    stream::StreamPort* port = ports_.find(conn->port_);
    if (port == nullptr || port->aborting() || port->closing()) continue;
    const auto listener = accepted_.find(key(conn->remote_));
    if (listener == accepted_.end()) {
      conn->reset_received_ = true;
      port->fail(Reason::connect_refused);
      continue;
    }
    listener->second.push_back(conn);
    port->opened();
  }
}

void SimNet::cut_outbox(SimConn& conn) {
  Instant after = conn.in_flight_.empty() ? now_ : conn.in_flight_.back().due;
  const auto delay = [&] {
    const Duration wait =
        shape_.max_delay.ns == 0 ? Duration{0} : Duration{static_cast<std::int64_t>(rng_.unit() * shape_.max_delay.ns)};
    after = std::max(after, now_ + wait);
    return after;
  };
  std::size_t at = 0;
  while (at < conn.outbox_.size()) {
    const std::size_t left = conn.outbox_.size() - at;
    const std::size_t n =
        shape_.max_segment == 0 ? left : std::min<std::size_t>(left, 1 + rng_.below(shape_.max_segment));
    conn.in_flight_.push_back({delay(), conn.outbox_.substr(at, n)});
    at += n;
  }
  conn.outbox_.clear();
  if (!conn.end_queued_ && (conn.finishing_ || conn.resetting_)) {
    conn.end_queued_ = true;
    conn.in_flight_.push_back({delay(), {}, conn.finishing_ && !conn.resetting_, conn.resetting_});
  }
}

// True while more of this connection is due now but finds no credit or buffer.
bool SimNet::deliver_due(SimConn& conn) {
  while (!conn.in_flight_.empty() && conn.in_flight_.front().due <= now_) {
    stream::StreamPort* port = ports_.find(conn.port_);
    SimConn::Segment& segment = conn.in_flight_.front();
    if (port == nullptr || port->aborting() || port->failed()) {
      conn.in_flight_.pop_front();
      continue;
    }
    if (segment.reset) {
      port->fail(conn.outgoing_ ? Reason::replica_reset : Reason::client_reset);
      conn.reset_received_ = true;
    } else if (segment.fin) {
      port->deliver_fin();
    }
    while (!segment.bytes.empty()) {
      // A transport may use an offer or not.
      if (!port->closing() && port->can_land() && rng_.below(2) == 0) {
        const std::span<std::byte> room = port->begin_landing(static_cast<std::uint32_t>(segment.bytes.size()));
        std::memcpy(room.data(), segment.bytes.data(), room.size());
        port->landed(static_cast<std::uint32_t>(room.size()));
        landed_ += room.size();
        segment.bytes.erase(0, room.size());
        continue;
      }
      const std::uint32_t grant = port->closing() ? UINT32_MAX : net::receive_grant(*port, ports_).bytes;
      if (grant == 0) {
        port->set_rx_paused(true);
        return true;
      }
      stream::Slice slice = ports_.receive_pool().take();
      if (!slice.owns()) return true;
      const auto n = static_cast<std::uint32_t>(std::min<std::size_t>({segment.bytes.size(), slice.size(), grant}));
      std::memcpy(slice.writable().data(), segment.bytes.data(), n);
      slice.set_range(0, n);
      if (!net::deliver_piece(*port, ports_, std::move(slice))) return true;
      segment.bytes.erase(0, n);
    }
    port->set_rx_paused(false);
    conn.in_flight_.pop_front();
  }
  return false;
}

void SimNet::take_tx(SimConn& conn) {
  stream::StreamPort* port = ports_.find(conn.port_);
  if (port == nullptr || conn.connecting_) return;
  if (port->aborting()) {
    conn.reset_received_ = true;
    return;
  }
  while (!port->tx().empty() && conn.inbox_.size() < conn.window_) {
    const stream::Bytes piece = port->tx().front().bytes();
    const std::size_t n = std::min<std::size_t>(piece.size(), conn.window_ - conn.inbox_.size());
    conn.inbox_ += stream::as_text(piece.first(n));
    port->sent(static_cast<std::uint32_t>(n));
  }
  if (port->wants_fin()) conn.fin_received_ = true;
}

void SimNet::end_port(SimConn& conn) {
  stream::StreamPort* port = ports_.find(conn.port_);
  if (port == nullptr) {
    conn.port_gone_ = true;
    return;
  }
  const bool flushed = port->closing() && (port->tx().empty() || port->failed() || conn.connecting_);
  if (!port->aborting() && !flushed) return;
  if (port->failed() || port->aborting()) conn.reset_received_ = true;
  ports_.destroy(conn.port_);
  conn.port_gone_ = true;
}

void SimNet::receive(Instant now) {
  WP_ASSERT(now_ <= now);
  now_ = now;
  finish_connects();
  for (auto& conn : conns_) {
    if (conn->connecting_ || conn->port_gone_) continue;
    cut_outbox(*conn);
    conn->blocked_ = deliver_due(*conn);
  }
}

void SimNet::flush(Instant now) {
  WP_ASSERT(now_ <= now);
  now_ = now;
  stream::PortId id;
  while (ports_.next_for_transport(id)) {
    stream::StreamPort& port = ports_.get(id);
    if (port.wants_connect()) begin_connect(port);
  }
  for (auto& conn : conns_) {
    if (conn->port_gone_) continue;
    take_tx(*conn);
    end_port(*conn);
  }
  std::erase_if(conns_, [](const auto& conn) { return conn->port_gone_; });
}

Instant SimNet::next_deadline() const {
  Instant next = kNever;
  for (const auto& conn : conns_) {
    if (conn->blocked_) continue;
    if (conn->connecting_ && !black_holes_.contains(key(conn->remote_))) next = earlier(next, conn->connected_at_);
    if (!conn->in_flight_.empty()) next = earlier(next, conn->in_flight_.front().due);
  }
  return next;
}

}  // namespace wp::sim
