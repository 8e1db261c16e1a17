#include "dataplane/stream/pair.h"

#include <algorithm>

namespace wp::stream {

StreamPair::StreamPair(PortTable& a, PortId a_id, PortTable& b, const Endpoint& client) : a_{&a, a_id}, b_{&b, {}} {
  StreamPort& port = a.get(a_id);
  port.connect_started();
  port.set_local(client);
  b_.id = b.accept(port.remote(), client);
  WP_ASSERT(b_.id.valid());
  port.opened();
}

bool StreamPair::carry(End& from, End& to, std::uint32_t max) {
  StreamPort* source = live(from);
  StreamPort* sink = live(to);
  if (source == nullptr || source->aborting()) return false;
  const std::uint32_t queued = std::min(source->tx().bytes(), max);
  if (queued == 0) return false;
  if (sink == nullptr || sink->aborting()) {
    source->sent(queued);  // the network takes it and nobody is there
    return true;
  }
  std::uint32_t moved = 0;
  while (moved < queued && sink->rx_credit() > 0) {
    Slice buffer = to.table->receive_pool().take();
    if (!buffer.owns()) break;
    const Bytes piece = source->tx().front().bytes();
    const auto n = static_cast<std::uint32_t>(std::min(
        {piece.size(), std::size_t{queued - moved}, std::size_t{buffer.size()}, std::size_t{sink->rx_credit()}}));
    std::memcpy(buffer.writable().data(), piece.data(), n);
    buffer.set_range(0, n);
    if (!sink->deliver(std::move(buffer))) break;
    source->sent(n);
    moved += n;
  }
  sink->set_rx_paused(sink->rx_credit() == 0);
  return moved > 0;
}

bool StreamPair::carry_fin(End& from, End& to) {
  StreamPort* source = live(from);
  if (source == nullptr || from.fin_sent || source->aborting() || !source->wants_fin()) return false;
  from.fin_sent = true;
  if (StreamPort* sink = live(to); sink != nullptr && !sink->aborting()) sink->deliver_fin();
  return true;
}

bool StreamPair::end_side(End& end, End& other) {
  StreamPort* port = live(end);
  if (port == nullptr) return false;
  if (port->aborting()) {
    if (StreamPort* peer = live(other); peer != nullptr && !peer->aborting()) peer->fail(Reason::client_reset);
  } else if (!(port->closing() && end.fin_sent && (other.fin_sent || other.gone || port->failed()))) {
    return false;
  }
  end.gone = true;
  end.table->destroy(end.id);
  return true;
}

bool StreamPair::pump(std::uint32_t max) {
  bool moved = carry(a_, b_, max);
  moved |= carry(b_, a_, max);
  moved |= carry_fin(a_, b_);
  moved |= carry_fin(b_, a_);
  moved |= end_side(a_, b_);
  moved |= end_side(b_, a_);
  return moved;
}

}  // namespace wp::stream
