#include <algorithm>
#include <cerrno>
#include <span>

#include <sys/socket.h>

#include "dataplane/net/epoll/epoll_net.h"
#include "dataplane/net/receive_policy.h"

namespace wp::net {
namespace {

constexpr std::uint32_t kBytesPerTurn = 64 * 1024;  // a connection

}  // namespace

void EpollNet::want_bytes(Conn& conn, stream::StreamPort& port) {
  if (!conn.readable || conn.peer_fin) return;
  if (port.closing() && conn.linger_left == 0) return stop_reading(conn, port, false);
  const ReceiveGrant grant = receive_grant(port, ports_);
  if (grant.bytes == 0) return stop_reading(conn, port, grant.for_pool);
  readable_.push(conn.id.index);
}

void EpollNet::read_some(Conn& conn, stream::StreamPort& port) {
  if (conn.stage != Stage::open || !conn.readable || conn.peer_fin) return;
  if (port.closing() && conn.linger_left == 0) return stop_reading(conn, port, false);
  if (port.can_land()) return land_some(conn, port);
  const ReceiveGrant grant = receive_grant(port, ports_);
  if (grant.bytes == 0) return stop_reading(conn, port, grant.for_pool);
  // One grant a turn, so that no connection grows while others have had nothing.
  std::uint32_t left = std::min(grant.bytes, kBytesPerTurn);
  if (port.closing()) left = std::min(left, conn.linger_left);
  if (port.take_offered()) left = std::min(left, ports_.receive_pool().entry_bytes());
  while (left > 0) {
    if (!read_once(conn, port, left)) return;
  }
  readable_.push(conn.id.index);
}

// One read a turn into the application's own memory.
void EpollNet::land_some(Conn& conn, stream::StreamPort& port) {
  resume_reading(conn, port);
  const std::span<std::byte> room = port.begin_landing(kBytesPerTurn);
  counters_.system_calls.add();
  const ssize_t got = recv(conn.fd, room.data(), room.size(), MSG_DONTWAIT);
  const int error = errno;
  port.landed(static_cast<std::uint32_t>(std::max<ssize_t>(got, 0)));
  if (got > 0) {
    counters_.receives.add();
    counters_.bytes_received.add(static_cast<std::uint64_t>(got));
    if (static_cast<std::size_t>(got) < room.size() && !conn.hung_up) conn.readable = false;
  }
  if (got > 0 ? conn.readable : read_nothing(conn, port, got, error)) readable_.push(conn.id.index);
}

void EpollNet::resume_reading(Conn& conn, stream::StreamPort& port) {
  conn.stopped = false;
  port.set_rx_paused(false);
  rationed_.remove(conn.id.index);
}

// Reads at most `left` and counts it down. False when there is nothing more to read for now.
bool EpollNet::read_once(Conn& conn, stream::StreamPort& port, std::uint32_t& left) {
  const bool node_free = ports_.nodes().available() > 0;
  stream::Slice piece = node_free ? ports_.receive_pool().take() : stream::Slice{};
  if (!piece.owns()) {
    counters_.receive_starved.add();
    conn.stopped = true;
    starved_.push(conn.id.index);
    return false;
  }
  resume_reading(conn, port);
  const std::size_t size = std::min(left, piece.size());
  counters_.system_calls.add();
  const ssize_t got = recv(conn.fd, piece.writable().data(), size, MSG_DONTWAIT);
  if (got > 0) {
    piece.set_range(0, static_cast<std::uint32_t>(got));
    left -= piece.size();
    take_bytes(conn, port, std::move(piece));
    // A short read has emptied the socket, epoll(7), and what comes later is a new edge.
    if (static_cast<std::size_t>(got) < size && !conn.hung_up) conn.readable = false;
    return conn.readable;
  }
  const int error = errno;
  piece.reset();
  return read_nothing(conn, port, got, error);
}

// A read that brought no bytes. True when another may.
bool EpollNet::read_nothing(Conn& conn, stream::StreamPort& port, ssize_t got, int error) {
  if (got == 0) {
    take_fin(conn, port);
  } else if (error == EAGAIN && conn.broken == Reason::none) {
    conn.readable = conn.hung_up = false;
  } else if (error != EINTR) {
    fail(conn, port, conn.broken != Reason::none ? conn.broken : reason_of(error, conn.leg()));
  } else {
    return true;
  }
  return false;
}

void EpollNet::stop_reading(Conn& conn, stream::StreamPort& port, bool for_pool) {
  if (conn.broken != Reason::none) return fail(conn, port, conn.broken);
  if (conn.lost) return fail(conn, port, reason_of(ECONNRESET, conn.leg()));
  conn.stopped = true;
  port.set_rx_paused(true);
  if (for_pool) rationed_.push(conn.id.index);
}

void EpollNet::take_bytes(Conn& conn, stream::StreamPort& port, stream::Slice&& piece) {
  counters_.receives.add();
  counters_.bytes_received.add(piece.size());
  if (port.closing()) {
    conn.linger_left -= std::min(conn.linger_left, piece.size());
    return piece.reset();
  }
  const bool delivered = deliver_piece(port, ports_, std::move(piece));
  WP_ASSERT(delivered);
}

void EpollNet::take_fin(Conn& conn, stream::StreamPort& port) {
  conn.peer_fin = true;
  conn.readable = false;
  if (conn.broken != Reason::none) return fail(conn, port, conn.broken);
  port.deliver_fin();
  if (port.closing()) ports_.requeue_for_transport(conn.id);
}

void EpollNet::serve_starved() {
  const stream::SlicePool& pool = ports_.receive_pool();
  std::uint32_t buffers = std::min(pool.free(), ports_.nodes().available());
  std::uint32_t index = 0;
  for (; buffers > 0 && starved_.pop(index); --buffers) readable_.push(index);
  const std::uint32_t reserve = pool.entries() / 8;
  if (pool.free() < reserve) return;
  for (std::uint32_t left = std::min({rationed_.size(), buffers, pool.free() - reserve}); left > 0; --left) {
    if (!rationed_.pop(index)) break;
    ports_.get(conns_[index].id).set_rx_paused(false);
    readable_.push(index);
  }
}

}  // namespace wp::net
