#include "dataplane/net/kernel/kernel_net.h"

#include <cerrno>
#include <cstring>

#include <sys/eventfd.h>
#include <unistd.h>

#include "dataplane/base/assert.h"

namespace wp::net {

KernelNet::KernelNet(const NetConfig& config, stream::PortTable& ports, KernelFeatures features)
    : config_(config),
      features_(features),
      ports_(ports),
      conns_(ports.capacity()),
      held_(ports.receive_pool()),
      starved_(ports.capacity()),
      rationed_(ports.capacity()),
      undelivered_(ports.capacity()),
      closing_(config, ports.capacity()) {
  WP_ASSERT(ports.capacity() <= Tag::kMaxIndex);
  waiting_.reserve(config.backlog);
}

std::expected<std::unique_ptr<KernelNet>, std::string> KernelNet::create(const NetConfig& config,
                                                                         stream::PortTable& ports,
                                                                         KernelFeatures features) {
  auto net = std::unique_ptr<KernelNet>(new KernelNet(config, ports, features));
  auto ring = Uring::create(net->counters_.system_calls);
  if (!ring) return std::unexpected(ring.error());
  net->ring_ = std::move(*ring);
  auto buffers = BufferRing::create(net->ring_->raw(), ports.receive_pool());
  if (!buffers) return std::unexpected(buffers.error());
  net->buffers_ = std::move(*buffers);
  // Blocking: io_uring waits for it by itself. A write blocks only at a count of 2^64.
  net->wake_fd_ = eventfd(0, EFD_CLOEXEC);
  if (net->wake_fd_ < 0) return std::unexpected(std::string("eventfd: ") + std::strerror(errno));
  return net;
}

KernelNet::~KernelNet() {
  cancel_everything();
  if (wake_fd_ >= 0) close(wake_fd_);
}

void KernelNet::wake() noexcept {
  const int saved = errno;
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_fd_, &one, sizeof one));
  errno = saved;
}

void KernelNet::start() {
  ring_->start();
  buffers_->top_up();
  arm_wake();
}

void KernelNet::arm_wake() {
  io_uring_sqe& entry = ring_->next({Op::wake, {}});
  io_uring_prep_read(&entry, wake_fd_, &woken_, sizeof woken_, 0);
}

void KernelNet::enter(Duration wait) {
  if (!ring_->started()) start();
  arm_listeners();
  ring_->enter(wait);
}

void KernelNet::receive(Instant now) {
  now_ = now;
  ring_->reap([this](const Completion& completion) { dispatch(completion); });
}

void KernelNet::dispatch(const Completion& completion) {
  const Tag tag = completion.tag;
  if (tag.op == Op::wake) return arm_wake();
  if (tag.op == Op::accept) return on_accept(completion);
  if (tag.op == Op::quiet) return;
  Conn& conn = conns_[tag.id.index];
  // Only a cancel can be answered after its connection is gone.
  WP_ASSERT(conn.id == tag.id || tag.op == Op::cancel);
  if (conn.id != tag.id) return;
  if (!completion.more()) conn.settle(tag.op);
  stream::StreamPort& port = ports_.get(conn.id);
  switch (tag.op) {
    case Op::connect: on_connect(conn, port, completion.result); break;
    case Op::receive: on_receive(conn, port, completion); break;
    case Op::send: on_send(conn, port, completion.result); break;
    case Op::watch: on_watch(conn, port, completion); break;
    default:
      conn.cancelling = false;
      // It may have missed an operation that was just being worked on.
      if (conn.stage == Stage::ending && conn.pending != 0) ports_.requeue_for_transport(conn.id);
  }
  if (conn.id == tag.id && conn.stage == Stage::ending && conn.pending == 0) retire(conn);
}

void KernelNet::flush(Instant now) {
  if (!ring_->started()) return;
  now_ = now;
  buffers_->top_up();
  stream::PortId id;
  for (std::uint32_t left = ports_.transport_ready(); left > 0 && ports_.next_for_transport(id); --left) service(id);
  serve_starved();
  expire_lingers();
  shed_closings();
  // Last, so that what was freed in this turn counts: the next may be a long time off.
  adopt_waiting();
}

Instant KernelNet::next_deadline() const {
  const bool retry_accept = accept_again_ > now_ && !listeners_.empty();
  return retry_accept ? earlier(accept_again_, closing_.next()) : closing_.next();
}

void KernelNet::service(stream::PortId id) {
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
      if (port.closing()) close_unconnected(conn, port);
      break;
    case Stage::open: pump(conn, port); break;
    case Stage::ending:
      if (!conn.cancelling) cancel_all(conn);
      break;
    case Stage::ended:
      if (port.closing()) release(conn);
      break;
  }
}

void KernelNet::pump(Conn& conn, stream::StreamPort& port) {
  send_queued(conn, port);
  if (port.wants_fin() && !conn.fin_sent && !conn.has(Op::send) && conn.broken == Reason::none) send_fin(conn);
  if (port.closing()) close_gracefully(conn);
  if (conn.stage == Stage::open) receive_more(conn, port);
}

// A cleared entry for an operation of this connection, which now has it in flight.
io_uring_sqe& KernelNet::prepare(Conn& conn, Op op) {
  WP_ASSERT(!conn.has(op));
  conn.begin(op);
  return ring_->next({op, conn.id});
}

}  // namespace wp::net
