#include <array>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>

#include "dataplane/net/epoll/epoll_net.h"

namespace wp::net {
namespace {

constexpr std::uint32_t kPieces = 64;

}  // namespace

void EpollNet::send_queued(Conn& conn, stream::StreamPort& port) {
  // Each round sends something or ends the loop, and the chain does not grow meanwhile.
  while (conn.writable && !port.tx().empty() && conn.broken == Reason::none) {
    std::array<iovec, kPieces> pieces;
    msghdr message{};
    std::size_t bytes = 0;
    port.tx().gather(kPieces, [&](stream::Bytes piece) {
      pieces[message.msg_iovlen++] = {const_cast<std::byte*>(piece.data()), piece.size()};
      bytes += piece.size();
    });
    message.msg_iov = pieces.data();
    counters_.sends.add();
    counters_.system_calls.add();
    const ssize_t sent = sendmsg(conn.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      counters_.bytes_sent.add(static_cast<std::uint64_t>(sent));
      port.sent(static_cast<std::uint32_t>(sent));
      // A short write has filled the socket, epoll(7).
      if (static_cast<std::size_t>(sent) < bytes) conn.writable = false;
      if (port.closing()) closing_.progress(conn.id.index, now_);
    } else if (errno == EAGAIN) {
      conn.writable = false;
    } else if (errno != EINTR) {
      // What arrived before the peer was lost may still be unread: it is read first, to its end.
      conn.broken = reason_of(errno, conn.leg());
      if (conn.stopped || conn.peer_fin) return fail(conn, port, conn.broken);
      conn.readable = conn.hung_up = true;
      readable_.push(conn.id.index);
    }
  }
}

void EpollNet::send_fin(Conn& conn) {
  conn.fin_sent = true;
  counters_.system_calls.add();
  // It fails only when the connection is gone already, which an event tells.
  static_cast<void>(shutdown(conn.fd, SHUT_WR));
}

}  // namespace wp::net
