#include <unistd.h>

#include "dataplane/net/epoll/epoll_net.h"

namespace wp::net {

// A close with unread bytes in the socket becomes a reset, which can overtake the reply at the client (RFC 9112
// section 9.6): so after our FIN the peer's bytes are read and dropped until its FIN, within bounds.
void EpollNet::close_gracefully(Conn& conn) {
  if (!conn.closing) {
    conn.closing = true;
    closing_.begin(conn.id.index, now_);
  }
  if (conn.broken != Reason::none) return end(conn, How::reset);
  if (!conn.fin_sent) return;
  if (conn.peer_fin) return end(conn, How::orderly);
  if (conn.lingering) return;
  conn.lingering = true;
  closing_.linger(conn.id.index, now_);
}

void EpollNet::abort(Conn& conn) {
  if (conn.stage == Stage::ended) return release(conn);
  end(conn, How::reset);
}

// The stream is dead; the port stays until the application has ended its side.
void EpollNet::fail(Conn& conn, stream::StreamPort& port, Reason why) {
  port.fail(why);
  end(conn, How::reset);
}

void EpollNet::end(Conn& conn, How how) {
  conn.stage = Stage::ended;
  readable_.remove(conn.id.index);
  starved_.remove(conn.id.index);
  rationed_.remove(conn.id.index);
  closing_.forget(conn.id.index);
  if (conn.fd >= 0) {
    if (how == How::reset) reset_on_close(conn.fd);
    close(conn.fd);
    counters_.system_calls.add(how == How::reset ? 2 : 1);
    conn.fd = -1;
  }
  const stream::StreamPort& port = ports_.get(conn.id);
  if (port.closing() || port.aborting()) release(conn);
}

void EpollNet::release(Conn& conn) {
  ports_.destroy(conn.id);
  conn = Conn{};
}

void EpollNet::expire_lingers() {
  std::uint32_t index = 0;
  while (closing_.take_due(now_, index)) {
    Conn& conn = conns_[index];
    counters_.lingers_expired.add();
    // After our FIN the kernel still sends what it has; before it, the peer did not take the reply in time.
    end(conn, conn.fin_sent ? How::orderly : How::reset);
  }
}

void EpollNet::shed_closings() {
  constexpr int kPerTurn = 64;
  std::uint32_t index = 0;
  for (int i = 0; i < kPerTurn && closing_.oldest_in_a_crowd(now_, ports_, 0, index); ++i) {
    counters_.closings_shed.add();
    Conn& conn = conns_[index];
    end(conn, conn.fin_sent ? How::orderly : How::reset);
  }
}

}  // namespace wp::net
