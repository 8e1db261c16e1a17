// Ending connections: the lingering close, the reset, and the order in which things must go: cancel, wait for the last
// completion, close the socket, free the port.
#include <cerrno>

#include <unistd.h>

#include "dataplane/net/kernel/kernel_net.h"

namespace wp::net {

// A close with unread bytes in the socket becomes a reset, which can overtake the reply at the client (RFC 9112
// section 9.6): so after our FIN the peer's bytes are read and dropped until its FIN, within bounds.
void KernelNet::close_gracefully(Conn& conn) {
  if (!conn.closing) {
    conn.closing = true;
    held_.clear(conn.held);
    closing_.begin(conn.id.index, now_);
  }
  if (conn.broken != Reason::none) return end(conn, How::reset);
  if (!conn.fin_sent) return;
  if (conn.peer_fin) return end(conn, How::orderly);
  if (conn.lingering) return;
  conn.lingering = true;
  closing_.linger(conn.id.index, now_);
}

// The application closed before the handshake was complete. What it queued is still worth sending, but not for ever.
void KernelNet::close_unconnected(Conn& conn, stream::StreamPort& port) {
  if (port.tx().empty()) return end(conn, How::reset);
  if (!closing_.begun(conn.id.index)) closing_.begin(conn.id.index, now_);
}

void KernelNet::abort(Conn& conn) {
  switch (conn.stage) {
    case Stage::vacant:
    case Stage::ended: return release(conn);
    case Stage::ending:
      if (!conn.cancelling) cancel_all(conn);
      return;
    default: return end(conn, How::reset);
  }
}

// The stream is dead; the port stays until the application has ended its side.
void KernelNet::fail(Conn& conn, stream::StreamPort& port, Reason why) {
  port.fail(why);
  end(conn, How::reset);
}

void KernelNet::end(Conn& conn, How how) {
  conn.stage = Stage::ending;
  held_.clear(conn.held);
  starved_.remove(conn.id.index);
  rationed_.remove(conn.id.index);
  undelivered_.remove(conn.id.index);
  closing_.forget(conn.id.index);
  if (how == How::reset) {
    counters_.system_calls.add();
    reset_on_close(conn.fd);
  }
  if (conn.pending == 0) return retire(conn);
  if (!conn.cancelling) cancel_all(conn);
}

void KernelNet::cancel_all(Conn& conn) {
  conn.cancelling = true;
  io_uring_sqe& entry = ring_->next({Op::cancel, conn.id});
  io_uring_prep_cancel_fd(&entry, conn.fd, IORING_ASYNC_CANCEL_ALL);
}

// Through the ring: it spares a system call, and the descriptor's number is not reused before it is closed. Nothing
// waits: a socket has no flush, and one that lingers does so here.
void KernelNet::retire(Conn& conn) {
  conn.stage = Stage::ended;
  if (conn.fd >= 0) {
    io_uring_sqe& entry = ring_->next({Op::quiet, {}});
    io_uring_prep_close(&entry, conn.fd);
    conn.fd = -1;
  }
  const stream::StreamPort& port = ports_.get(conn.id);
  if (port.closing() || port.aborting()) release(conn);
}

void KernelNet::release(Conn& conn) {
  ports_.destroy(conn.id);
  conn = Conn{};
}

void KernelNet::expire_lingers() {
  std::uint32_t index = 0;
  while (closing_.take_due(now_, index)) {
    Conn& conn = conns_[index];
    counters_.lingers_expired.add();
    // After our FIN the kernel still sends what it has; before it, the peer did not take the reply in time.
    end(conn, conn.fin_sent ? How::orderly : How::reset);
  }
}

void KernelNet::shed_closings() {
  // What one held comes back a turn later, with its last completion: few a turn, for how much that is cannot be told.
  constexpr int kPerTurn = 8;
  std::uint32_t index = 0;
  std::uint32_t coming = 0;
  for (int i = 0; i < kPerTurn && closing_.oldest_in_a_crowd(now_, ports_, coming, index); ++i) {
    counters_.closings_shed.add();
    Conn& conn = conns_[index];
    end(conn, conn.fin_sent ? How::orderly : How::reset);
    if (conn.stage == Stage::ending) ++coming;
  }
}

void KernelNet::cancel_everything() {
  if (ring_ != nullptr && ring_->started()) {
    const auto drop = [](const Completion& completion) {
      if (completion.tag.op == Op::accept && completion.result >= 0) close(completion.result);
    };
    ring_->reap(drop);
    // Again and again: one that is just being worked on is missed by a cancel.
    for (int tries = 0; ring_->mine() && ring_->in_flight() > 0; ++tries) {
      WP_ASSERT(tries < 1000);
      io_uring_sqe& entry = ring_->next({Op::cancel, {}});
      io_uring_prep_cancel64(&entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
      ring_->enter(millis(10));
      ring_->reap(drop);
    }
    ring_->unsubmitted_closes([](int fd) { close(fd); });
  }
  for (Conn& conn : conns_) {
    held_.clear(conn.held);
    if (conn.fd < 0) continue;
    reset_on_close(conn.fd);
    close(conn.fd);
  }
  for (const Waiting& waiting : waiting_) close(waiting.fd);
  for (const Listener& listener : listeners_) {
    if (listener.fd >= 0) close(listener.fd);
  }
}

}  // namespace wp::net
