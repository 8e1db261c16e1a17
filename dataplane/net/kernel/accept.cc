// Accepting. The multishot accept empties the kernel's queue as fast as it fills; when a pool is nearly used up it
// is cancelled, and what it accepted until then waits here, so that a full shard resets nobody.
#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include "dataplane/net/kernel/kernel_net.h"

namespace wp::net {
std::expected<Endpoint, std::string> KernelNet::listen(const Endpoint& at) {
  auto opened = open_listener(at, config_, Blocking::yes);
  if (!opened) return std::unexpected(opened.error());
  listeners_.push_back({opened->fd, opened->bound});
  return opened->bound;
}

void KernelNet::stop_listening() {
  for (std::uint32_t i = 0; i < listeners_.size(); ++i) {
    Listener& listener = listeners_[i];
    if (listener.closing) continue;
    listener.closing = true;
    if (!listener.armed) close_listener(listener);
  }
  // The armed ones keep their socket alive until the accept has ended.
  pause_accepting();
}

void KernelNet::close_listener(Listener& listener) {
  counters_.system_calls.add();
  close(listener.fd);
  listener.fd = -1;
}

void KernelNet::arm_listeners() {
  if (!waiting_.empty() || now_ < accept_again_ || !ports_.may_accept()) return;
  for (std::uint32_t i = 0; i < listeners_.size(); ++i) {
    Listener& listener = listeners_[i];
    if (listener.armed || listener.closing) continue;
    io_uring_sqe& entry = ring_->next({Op::accept, {i, 1}});
    io_uring_prep_multishot_accept(&entry, listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
    listener.armed = true;
    accept_paused_ = false;
  }
}

void KernelNet::pause_accepting() {
  for (std::uint32_t i = 0; i < listeners_.size(); ++i) {
    Listener& listener = listeners_[i];
    if (!listener.armed || listener.cancelling) continue;
    listener.cancelling = true;
    io_uring_sqe& entry = ring_->next({Op::quiet, {}});
    io_uring_prep_cancel64(&entry, Tag{Op::accept, {i, 1}}.pack(), 0);
  }
}

void KernelNet::on_accept(const Completion& completion) {
  Listener& listener = listeners_[completion.tag.id.index];
  if (!completion.more()) listener.armed = listener.cancelling = false;
  if (completion.result >= 0) {
    if (waiting_.empty() && ports_.may_accept()) {
      adopt(completion.result, listener);
    } else if (waiting_.size() < config_.backlog) {
      waiting_.push_back({completion.result, completion.tag.id.index});
    } else {
      counters_.accept_dropped.add();
      reset_on_close(completion.result);
      close(completion.result);
      counters_.system_calls.add(2);
    }
  } else if (out_of_sockets(-completion.result)) {
    counters_.accept_paused.add();
    accept_again_ = now_ + kOutOfSocketsPause;
  }
  if (listener.closing && !listener.armed) close_listener(listener);
}

void KernelNet::adopt_waiting() {
  std::size_t adopted = 0;
  while (adopted < waiting_.size() && ports_.may_accept()) {
    const Waiting& next = waiting_[adopted++];
    adopt(next.fd, listeners_[next.listener]);
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(adopted));
  if (accept_paused_ || ports_.may_accept()) return;
  const bool armed = std::any_of(listeners_.begin(), listeners_.end(), [](const Listener& l) { return l.armed; });
  if (!armed) return;
  accept_paused_ = true;
  counters_.accept_paused.add();
  pause_accepting();
}

void KernelNet::adopt(int fd, const Listener& listener) {
  const bool wildcard = is_wildcard(listener.bound);
  const Endpoint remote = remote_endpoint(fd);
  const Endpoint local = wildcard ? local_endpoint(fd) : listener.bound;
  counters_.system_calls.add(wildcard ? 2 : 1);
  if (remote.family == Endpoint::Family::none) {
    // Reset by its peer while it waited in the queue.
    counters_.system_calls.add();
    close(fd);
    return;
  }
  const stream::PortId id = ports_.accept(local, remote);
  Conn& conn = conns_[id.index];
  conn = Conn{};
  conn.id = id;
  conn.fd = fd;
  conn.stage = Stage::open;
  conn.accepted = true;
  conn.linger_left = config_.linger_bytes;
  counters_.accepted.add();
  ports_.requeue_for_transport(id);
}

}  // namespace wp::net
