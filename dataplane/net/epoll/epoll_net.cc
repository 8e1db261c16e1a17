#include "dataplane/net/epoll/epoll_net.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/eventfd.h>
#include <unistd.h>

#include "dataplane/base/assert.h"

namespace wp::net {
namespace {

// User data is a packed port handle, whose generation is never 0; with generation 0 it is one of these or above.
constexpr std::uint64_t kWake = 0;
constexpr std::uint64_t kFirstListener = 1;

}  // namespace

EpollNet::EpollNet(const NetConfig& config, stream::PortTable& ports)
    : config_(config),
      ports_(ports),
      conns_(ports.capacity()),
      readable_(ports.capacity()),
      starved_(ports.capacity()),
      rationed_(ports.capacity()),
      closing_(config, ports.capacity()) {}

std::expected<std::unique_ptr<EpollNet>, std::string> EpollNet::create(const NetConfig& config,
                                                                       stream::PortTable& ports) {
  auto net = std::unique_ptr<EpollNet>(new EpollNet(config, ports));
  net->epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (net->epoll_fd_ < 0) return std::unexpected(std::string("epoll_create1: ") + std::strerror(errno));
  net->wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (net->wake_fd_ < 0) return std::unexpected(std::string("eventfd: ") + std::strerror(errno));
  epoll_event event{};
  // An edge a write: its count need never be read.
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = kWake;
  if (epoll_ctl(net->epoll_fd_, EPOLL_CTL_ADD, net->wake_fd_, &event) != 0) {
    return std::unexpected(std::string("epoll_ctl: ") + std::strerror(errno));
  }
  return net;
}

EpollNet::~EpollNet() {
  for (const Conn& conn : conns_) {
    if (conn.fd < 0) continue;
    reset_on_close(conn.fd);
    close(conn.fd);
  }
  for (const Listener& listener : listeners_) close(listener.fd);
  if (wake_fd_ >= 0) close(wake_fd_);
  if (epoll_fd_ >= 0) close(epoll_fd_);
}

std::expected<Endpoint, std::string> EpollNet::listen(const Endpoint& at) {
  auto opened = open_listener(at, config_, Blocking::no);
  if (!opened) return std::unexpected(opened.error());
  epoll_event event{};
  event.events = accepting_ ? EPOLLIN : 0U;
  event.data.u64 = kFirstListener + listeners_.size();
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, opened->fd, &event) != 0) {
    std::string line = std::string("epoll_ctl: ") + std::strerror(errno);
    close(opened->fd);
    return std::unexpected(std::move(line));
  }
  listeners_.push_back({opened->fd, opened->bound});
  return opened->bound;
}

void EpollNet::stop_listening() {
  for (const Listener& listener : listeners_) {
    counters_.system_calls.add();
    close(listener.fd);
  }
  listeners_.clear();
}

void EpollNet::wake() noexcept {
  const int saved = errno;
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_fd_, &one, sizeof one));
  errno = saved;
}

void EpollNet::enter(Duration wait) {
  constexpr std::int64_t kMillisecond = 1'000'000;
  const std::int64_t ns = readable_.empty() ? std::clamp(wait, nanos(0), seconds(3600)).ns : 0;
  const auto timeout = static_cast<int>((ns + kMillisecond - 1) / kMillisecond);
  counters_.system_calls.add();
  const int count = epoll_wait(epoll_fd_, events_.data(), kEvents, timeout);
  WP_ASSERT(count >= 0 || errno == EINTR);
  event_count_ = count > 0 ? static_cast<std::uint32_t>(count) : 0;
}

void EpollNet::receive(Instant now) {
  now_ = now;
  const std::uint32_t events = std::exchange(event_count_, 0);
  for (std::uint32_t i = 0; i < events; ++i) dispatch(events_[i]);
  std::uint32_t index = 0;
  for (std::uint32_t left = readable_.size(); left > 0 && readable_.pop(index); --left) {
    read_some(conns_[index], ports_.get(conns_[index].id));
  }
}

void EpollNet::dispatch(const epoll_event& event) {
  const std::uint64_t tag = event.data.u64;
  if (tag == kWake) return;
  if (tag < kFirstListener + listeners_.size()) return accept_some(listeners_[tag - kFirstListener]);
  const Handle id = Handle::unpack(tag);
  // The socket may have been closed by what was done about an event before this one.
  if (!id.valid() || conns_[id.index].id != id) return;
  on_stream_event(conns_[id.index], ports_.get(id), event.events);
}

void EpollNet::on_stream_event(Conn& conn, stream::StreamPort& port, std::uint32_t events) {
  if (conn.stage == Stage::connecting) return finish_connect(conn, port);
  if (conn.stage != Stage::open) return;
  conn.writable |= (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
  conn.readable |= (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0;
  conn.hung_up |= (events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0;
  // A HUP after our own FIN is two orderly FINs.
  conn.lost |= (events & EPOLLERR) != 0 || ((events & EPOLLHUP) != 0 && !conn.fin_sent);
  if (conn.stopped || conn.peer_fin) {
    // Nothing will be read that could tell of it.
    if (conn.lost) return fail(conn, port, reason_of(ECONNRESET, conn.leg()));
    if ((events & EPOLLHUP) != 0 && port.closing()) return end(conn, How::orderly);
  } else if (conn.readable) {
    readable_.push(conn.id.index);
  }
  if (conn.writable && !port.tx().empty()) ports_.requeue_for_transport(conn.id);
}

void EpollNet::flush(Instant now) {
  now_ = now;
  stream::PortId id;
  for (std::uint32_t left = ports_.transport_ready(); left > 0 && ports_.next_for_transport(id); --left) service(id);
  serve_starved();
  expire_lingers();
  shed_closings();
  // Last, so that what was freed in this turn counts: the next may be a long time off.
  if (!accepting_ && now >= accept_again_ && ports_.may_accept()) set_accepting(true);
}

Instant EpollNet::next_deadline() const {
  const bool retry_accept = accept_again_ > now_ && !listeners_.empty();
  return retry_accept ? earlier(accept_again_, closing_.next()) : closing_.next();
}

void EpollNet::service(stream::PortId id) {
  stream::StreamPort& port = ports_.get(id);
  Conn& conn = conns_[id.index];
  if (conn.id != id) {
    conn = Conn{};
    conn.id = id;
  }
  if (port.aborting()) return abort(conn);
  switch (conn.stage) {
    case Stage::vacant: begin_connect(conn, port); break;
    case Stage::connecting:
      if (!port.closing()) break;
      // What was queued before close() is still worth sending, but not for ever.
      if (port.tx().empty()) return end(conn, How::reset);
      if (!closing_.begun(id.index)) closing_.begin(id.index, now_);
      break;
    case Stage::open: pump(conn, port); break;
    case Stage::ended:
      if (port.closing()) release(conn);
      break;
  }
}

void EpollNet::pump(Conn& conn, stream::StreamPort& port) {
  send_queued(conn, port);
  if (conn.stage != Stage::open) return;
  if (port.wants_fin() && !conn.fin_sent && conn.broken == Reason::none) send_fin(conn);
  if (port.closing()) close_gracefully(conn);
  if (conn.stage == Stage::open) want_bytes(conn, port);
}

}  // namespace wp::net
