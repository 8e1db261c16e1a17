// How connections begin, both kinds.
#include <cerrno>

#include <unistd.h>

#include "dataplane/net/epoll/epoll_net.h"

namespace wp::net {
namespace {

constexpr int kAcceptsPerTurn = 64;  // a listener; level-triggered, so the rest is announced again

}  // namespace

void EpollNet::accept_some(const Listener& listener) {
  for (int i = 0; accepting_ && i < kAcceptsPerTurn; ++i) {
    if (!ports_.may_accept()) {
      counters_.accept_paused.add();
      return set_accepting(false);
    }
    SocketAddress remote;
    remote.length = sizeof remote.storage;
    counters_.system_calls.add();
    const int fd = accept4(listener.fd, remote.get(), &remote.length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      if (adopt(fd, to_endpoint(remote), listener)) continue;
      errno = ENOMEM;
    }
    if (errno == EAGAIN) return;
    if (out_of_sockets(errno)) {
      counters_.accept_paused.add();
      accept_again_ = now_ + kOutOfSocketsPause;
      return set_accepting(false);
    }
    // Any other error is that connection's own: it was reset in the queue.
  }
}

// False when the kernel has no memory to watch one more.
bool EpollNet::adopt(int fd, const Endpoint& remote, const Listener& listener) {
  const bool wildcard = is_wildcard(listener.bound);
  if (wildcard) counters_.system_calls.add();
  const stream::PortId id = ports_.accept(wildcard ? local_endpoint(fd) : listener.bound, remote);
  Conn& conn = conns_[id.index];
  conn = Conn{};
  conn.id = id;
  conn.fd = fd;
  conn.stage = Stage::open;
  conn.accepted = true;
  conn.linger_left = config_.linger_bytes;
  conn.writable = true;
  counters_.accepted.add();
  if (watch(conn)) return true;
  fail(conn, ports_.get(id), Reason::no_buffer);
  return false;
}

void EpollNet::set_accepting(bool accepting) {
  accepting_ = accepting;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    epoll_event event{};
    event.events = accepting ? EPOLLIN : 0U;
    event.data.u64 = 1 + i;
    counters_.system_calls.add();
    epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, listeners_[i].fd, &event);
  }
}

bool EpollNet::watch(Conn& conn) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = conn.id.pack();
  counters_.system_calls.add();
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, conn.fd, &event) == 0;
}

void EpollNet::begin_connect(Conn& conn, stream::StreamPort& port) {
  port.connect_started();
  counters_.connects.add();
  counters_.system_calls.add(kOpenStreamCalls);
  const auto fd = open_stream(port.remote(), config_, Blocking::no);
  if (!fd) {
    port.fail(fd.error());
    return end(conn, How::orderly);
  }
  conn.fd = *fd;
  conn.stage = Stage::connecting;
  conn.linger_left = config_.linger_bytes;
  const SocketAddress address = to_socket_address(port.remote());
  counters_.system_calls.add();
  const int result = connect(conn.fd, address.get(), address.length);
  if (result != 0 && errno != EINPROGRESS) return fail(conn, port, reason_of(errno, Leg::connecting));
  // Watched only now: a socket that is not yet connecting is reported as hung up. When the handshake is complete
  // already, that is the first event.
  if (!watch(conn)) fail(conn, port, Reason::no_buffer);
}

void EpollNet::finish_connect(Conn& conn, stream::StreamPort& port) {
  int error = 0;
  socklen_t length = sizeof error;
  counters_.system_calls.add();
  if (getsockopt(conn.fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) return fail(conn, port, reason_of(error, Leg::connecting));
  conn.stage = Stage::open;
  counters_.system_calls.add();
  port.set_local(local_endpoint(conn.fd));
  port.opened();
  // The event may have told of bytes too; edges are not repeated.
  conn.readable = conn.writable = conn.hung_up = true;
  readable_.push(conn.id.index);
  ports_.requeue_for_transport(conn.id);
}

}  // namespace wp::net
