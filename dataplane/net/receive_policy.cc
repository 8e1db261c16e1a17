#include "dataplane/net/receive_policy.h"

#include <algorithm>

namespace wp::net {

ReceiveGrant receive_grant(const stream::StreamPort& port, stream::PortTable& ports, std::uint32_t promised) {
  const std::uint32_t credit = port.rx_credit();
  const bool half_is_back = credit >= port.rx().limit() - credit;
  if (credit == 0 || (port.rx_paused() && !half_is_back)) return {0, false};
  const stream::SlicePool& pool = ports.receive_pool();
  const std::uint32_t available = pool.free() + pool.lent();
  if (available < pool.entries() / 8 + promised && !port.rx().empty()) return {0, true};
  const std::uint32_t fair = pool.entries() / 4 / std::max(ports.live(), 1U);
  const std::uint32_t buffers = pool.below_low_mark() ? 1 : std::max(fair, 1U);
  return {static_cast<std::uint32_t>(std::min<std::uint64_t>(credit, std::uint64_t{buffers} * pool.entry_bytes())),
          false};
}

bool deliver_piece(stream::StreamPort& port, stream::PortTable& ports, stream::Slice&& piece) {
  const bool small = piece.size() <= ports.receive_pool().entry_bytes() / 2;
  if (small && !port.rx().empty() && !ports.slabs().below_low_mark() && port.deliver_copy(piece.bytes())) {
    piece.reset();
    return true;
  }
  return port.deliver(std::move(piece));
}

}  // namespace wp::net
