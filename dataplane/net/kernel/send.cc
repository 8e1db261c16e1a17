#include <cerrno>

#include <sys/socket.h>

#include "dataplane/net/kernel/kernel_net.h"

namespace wp::net {

// One gathered send in flight a connection. Its bytes stay first in the chain, and so alive, until it has completed;
// what is queued meanwhile goes with the next.
void KernelNet::send_queued(Conn& conn, stream::StreamPort& port) {
  if (port.tx().empty() || conn.has(Op::send) || conn.broken != Reason::none) return;
  io_uring_sqe& entry = prepare(conn, Op::send);
  counters_.sends.add();
  if (port.tx().slices() == 1) {
    const stream::Bytes bytes = port.tx().front().bytes();
    io_uring_prep_send(&entry, conn.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } else {
    EntryMemory& memory = ring_->memory(entry);
    std::uint32_t pieces = 0;
    port.tx().gather(EntryMemory::kPieces, [&](stream::Bytes bytes) {
      memory.pieces[pieces++] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
    });
    memory.message = {};
    memory.message.msg_iov = memory.pieces.data();
    memory.message.msg_iovlen = pieces;
    io_uring_prep_sendmsg(&entry, conn.fd, &memory.message, MSG_NOSIGNAL);
  }
}

// By system call: IORING_OP_SHUTDOWN always goes through a kernel worker thread.
void KernelNet::send_fin(Conn& conn) {
  conn.fin_sent = true;
  counters_.system_calls.add();
  // It fails only when the connection is gone already, which the receive or the watch tells.
  static_cast<void>(shutdown(conn.fd, SHUT_WR));
}

void KernelNet::on_send(Conn& conn, stream::StreamPort& port, std::int32_t result) {
  if (result > 0) {
    counters_.bytes_sent.add(static_cast<std::uint64_t>(result));
    port.sent(static_cast<std::uint32_t>(result));
  }
  if (conn.stage != Stage::open) return;
  if (result < 0 && result != -EINTR && result != -EAGAIN) {
    const Reason why = reason_of(-result, conn.leg());
    // What arrived before the peer was lost may still be unread: the receive in flight brings it, and then its end.
    const bool lost = result == -EPIPE || result == -ECONNRESET;
    if (!lost || !conn.has(Op::receive)) return fail(conn, port, why);
    conn.broken = why;
    return;
  }
  if (port.closing()) closing_.progress(conn.id.index, now_);
  if (!port.tx().empty() || port.wants_fin()) ports_.requeue_for_transport(conn.id);
}

}  // namespace wp::net
