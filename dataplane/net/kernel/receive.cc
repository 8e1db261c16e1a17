// Receiving, over buffers that all connections share. Each has one receive in flight, which may bring as many bytes as
// receive_policy.h grants: a multishot where the kernel can be told so, else one buffer at a time. (A multishot without
// a limit takes 32 buffers and more before a cancel can reach it: a hundred such connections empty the pool.) Clients
// send more than a buffer at a time, so theirs may fill a bundle of them; replicas mostly send a token.
#include <algorithm>
#include <cerrno>
#include <span>

#include <poll.h>

#include "dataplane/net/kernel/kernel_net.h"
#include "dataplane/net/receive_policy.h"

namespace wp::net {
namespace {

// Buffers that one receive may fill: a request of a page of text has room in them, and longer ones are received where
// they belong (Intake::offer_rest).
constexpr std::uint32_t kBundle = 2;

// The kernel follows a bundle that was filled with another before it looks at the limit, so the limit is less by one;
// and where buffers are scarce, none are taken by twos.
constexpr std::uint32_t kBundlesGranted = 4;

}  // namespace

void KernelNet::receive_more(Conn& conn, stream::StreamPort& port) {
  if (conn.has(Op::receive) || !conn.held.empty()) return;
  if (conn.peer_fin) {
    // A peer that is done sending may still reset what we send.
    if (!conn.fin_sent) watch(conn);
    return;
  }
  if (port.closing() && conn.linger_left == 0) return watch(conn);
  if (port.can_land()) return arm_landing(conn, port);
  const ReceiveGrant grant = receive_grant(port, ports_, promised_);
  if (grant.bytes > 0) {
    const std::uint32_t bytes = port.closing() ? std::min(grant.bytes, conn.linger_left) : grant.bytes;
    return buffers_->lent() > 0 ? arm_receive(conn, port, bytes) : starve(conn);
  }
  if (conn.broken != Reason::none) return fail(conn, port, conn.broken);
  port.set_rx_paused(true);
  if (grant.for_pool) rationed_.push(conn.id.index);
  watch(conn);
}

void KernelNet::arm_receive(Conn& conn, stream::StreamPort& port, std::uint32_t bytes) {
  port.set_rx_paused(false);
  starved_.remove(conn.id.index);
  rationed_.remove(conn.id.index);
  const std::uint32_t buffer = ports_.receive_pool().entry_bytes();
  if (port.take_offered()) bytes = std::min(bytes, buffer);
  io_uring_sqe& entry = prepare(conn, Op::receive);
  if (ring_->limits_receives() && features_.limit_receives) {
    const std::uint32_t bundle = kBundle * buffer;
    conn.bundled = conn.accepted && ring_->bundles_receives() && bytes >= kBundlesGranted * bundle;
    io_uring_prep_recv_multishot(&entry, conn.fd, nullptr, conn.bundled ? bundle : 0, 0);
    limit_receive(entry, conn.bundled ? bytes - bundle : bytes);
    if (conn.bundled) entry.ioprio |= kReceiveBundle;
  } else {
    conn.bundled = false;
    io_uring_prep_recv(&entry, conn.fd, nullptr, bytes, 0);
    if (!conn.more_to_read) entry.ioprio |= IORING_RECVSEND_POLL_FIRST;
  }
  entry.flags |= IOSQE_BUFFER_SELECT;
  entry.buf_group = BufferRing::kGroup;
  if (conn.bundled || !port.rx().empty()) promise(conn, (bytes + buffer - 1) / buffer);
}

// Bounded as a grant is, so that a long body is many receives with others in between.
void KernelNet::arm_landing(Conn& conn, stream::StreamPort& port) {
  port.set_rx_paused(false);
  starved_.remove(conn.id.index);
  rationed_.remove(conn.id.index);
  conn.landing = true;
  const std::span<std::byte> room = port.begin_landing(port.rx().limit());
  io_uring_sqe& entry = prepare(conn, Op::receive);
  io_uring_prep_recv(&entry, conn.fd, room.data(), room.size(), 0);
  if (!conn.more_to_read) entry.ioprio |= IORING_RECVSEND_POLL_FIRST;
}

// What a receive may take comes later than the next grants are made, which therefore count it as gone. Of single
// buffers where nothing is unread nothing is promised: most such connections are idle, and would keep it for long.
void KernelNet::promise(Conn& conn, std::uint32_t buffers) {
  promised_ += buffers;
  promised_ -= conn.promised;
  conn.promised = buffers;
}

void KernelNet::starve(Conn& conn) {
  counters_.receive_starved.add();
  starved_.push(conn.id.index);
  watch(conn);
}

// With no receive in flight a dead peer would go unnoticed. Multishot, because the kernel adds RDHUP to what is asked
// for: a half-closed peer answers once at once, and the reset that may follow must still be heard.
void KernelNet::watch(Conn& conn) {
  if (conn.has(Op::watch)) return;
  io_uring_sqe& entry = prepare(conn, Op::watch);
  io_uring_prep_poll_multishot(&entry, conn.fd, POLLERR | POLLHUP | POLLRDHUP);
}

void KernelNet::on_watch(Conn& conn, stream::StreamPort& port, const Completion& completion) {
  if (!completion.more() && conn.stage == Stage::open) ports_.requeue_for_transport(conn.id);
  // A receive in flight says it better, after the bytes that came before.
  if (conn.stage != Stage::open || conn.has(Op::receive) || completion.result < 0) return;
  const auto events = static_cast<unsigned>(completion.result);
  // RDHUP alone is a FIN behind bytes that have no credit yet: it is found when those are read. HUP without ERR after
  // our own FIN is two orderly FINs.
  if ((events & POLLERR) != 0 || ((events & POLLHUP) != 0 && !conn.fin_sent)) {
    fail(conn, port, conn.broken != Reason::none ? conn.broken : reason_of(ECONNRESET, conn.leg()));
  } else if ((events & POLLHUP) != 0 && port.closing()) {
    end(conn, How::orderly);
  }
}

void KernelNet::on_receive(Conn& conn, stream::StreamPort& port, const Completion& completion) {
  if (conn.landing) return on_landing(conn, port, completion);
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) take_buffers(conn, port, completion);
  if (!completion.more()) promise(conn, 0);
  if (conn.stage != Stage::open) return;
  conn.more_to_read = (completion.flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
  if (!completion.more()) on_receive_ended(conn, port, completion.result);
}

// A bundle that brought nothing names a buffer and leaves it with the kernel; a single receive takes one in any case.
void KernelNet::take_buffers(Conn& conn, stream::StreamPort& port, const Completion& completion) {
  auto left = static_cast<std::uint32_t>(std::max(completion.result, 0));
  if (conn.bundled && left == 0) return;
  if (left > 0) counters_.receives.add();
  std::uint16_t id = BufferRing::named(completion.flags);
  do {
    const std::uint16_t next = buffers_->lent_after(id);
    stream::Slice piece = buffers_->take(id, std::min(left, ports_.receive_pool().entry_bytes()));
    left -= piece.size();
    id = next;
    if (conn.promised > 0) promise(conn, conn.promised - 1);
    if (conn.stage == Stage::open && !piece.empty()) take_bytes(conn, port, std::move(piece));
  } while (left > 0);
}

void KernelNet::on_landing(Conn& conn, stream::StreamPort& port, const Completion& completion) {
  conn.landing = false;
  const auto bytes = static_cast<std::uint32_t>(std::max(completion.result, 0));
  if (bytes > 0) {
    counters_.receives.add();
    counters_.bytes_received.add(bytes);
  }
  if (port.closing()) conn.linger_left -= std::min(conn.linger_left, bytes);
  port.landed(conn.stage == Stage::open ? bytes : 0);
  if (conn.stage != Stage::open) return;
  conn.more_to_read = (completion.flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
  on_receive_ended(conn, port, completion.result);
}

void KernelNet::on_receive_ended(Conn& conn, stream::StreamPort& port, std::int32_t result) {
  switch (result) {
    case 0: return take_fin(conn, port);
    case -ENOBUFS: return starve(conn);
    case -ECANCELED:
    case -EINTR:
    case -EAGAIN: break;
    default:
      if (result > 0) break;
      return fail(conn, port, conn.broken != Reason::none ? conn.broken : reason_of(-result, conn.leg()));
  }
  // Decided in flush(), after the application had this turn to consume.
  ports_.requeue_for_transport(conn.id);
}

void KernelNet::take_bytes(Conn& conn, stream::StreamPort& port, stream::Slice&& piece) {
  counters_.bytes_received.add(piece.size());
  if (port.closing()) {
    conn.linger_left -= std::min(conn.linger_left, piece.size());
    return piece.reset();
  }
  if (conn.held.empty() && deliver_piece(port, ports_, std::move(piece))) return;
  counters_.receive_starved.add();
  held_.push(conn.held, std::move(piece));  // NOLINT(bugprone-use-after-move): a refused piece stays as it was
  undelivered_.push(conn.id.index);
}

void KernelNet::take_fin(Conn& conn, stream::StreamPort& port) {
  conn.peer_fin = true;
  if (conn.broken != Reason::none) return fail(conn, port, conn.broken);
  if (conn.held.empty()) port.deliver_fin();
  ports_.requeue_for_transport(conn.id);
}

void KernelNet::deliver_held(Conn& conn, stream::StreamPort& port) {
  while (!conn.held.empty()) {
    if (!port.closing() && !deliver_piece(port, ports_, std::move(held_.front(conn.held)))) {
      undelivered_.push(conn.id.index);
      return;
    }
    held_.pop(conn.held);
  }
  if (conn.peer_fin) port.deliver_fin();
  receive_more(conn, port);
}

// Bounded: each list by the nodes, or by the buffers, that there are to give.
void KernelNet::serve_starved() {
  std::uint32_t index = 0;
  for (std::uint32_t left = undelivered_.size(); left > 0 && ports_.nodes().available() > 0; --left) {
    if (!undelivered_.pop(index)) break;
    deliver_held(conns_[index], ports_.get(conns_[index].id));
  }
  std::uint32_t buffers = buffers_->lent();
  for (std::uint32_t left = std::min(starved_.size(), buffers); left > 0 && starved_.pop(index); --left) {
    receive_more(conns_[index], ports_.get(conns_[index].id));
    --buffers;
  }
  const stream::SlicePool& pool = ports_.receive_pool();
  const std::uint32_t available = pool.free() + pool.lent();
  const std::uint32_t reserve = pool.entries() / 8;
  if (available < reserve) return;
  for (std::uint32_t left = std::min({rationed_.size(), buffers, available - reserve}); left > 0; --left) {
    if (!rationed_.pop(index)) break;
    stream::StreamPort& port = ports_.get(conns_[index].id);
    port.set_rx_paused(false);
    receive_more(conns_[index], port);
  }
}

}  // namespace wp::net
