#include "dataplane/stream/port_table.h"

#include "dataplane/base/assert.h"

namespace wp::stream {

PortTable::PortTable(const StreamLimits& limits)
    : limits_(limits),
      nodes_(limits.nodes),
      receive_(limits.receive_entries, limits.receive_bytes, 0, limits.receive_entries / 2),
      slabs_(limits.slab_entries, kSlabBytes, 0, limits.slab_entries / 4),
      ports_(limits.ports),
      by_index_(limits.ports),
      for_application_(limits.ports),
      for_transport_(limits.ports) {}

PortTable::~PortTable() = default;

PortId PortTable::make(const Endpoint& local, const Endpoint& remote) {
  const PortId id = ports_.make(*this, PortId{}, nodes_, limits_.rx_limit, limits_.tx_limit);
  if (!id.valid()) return id;
  StreamPort& port = ports_.get(id);
  port.id_ = id;
  port.local_ = local;
  port.remote_ = remote;
  by_index_[id.index] = id;
  return id;
}

PortId PortTable::connect(const Endpoint& remote) {
  const PortId id = make({}, remote);
  if (!id.valid()) return id;
  StreamPort& port = ports_.get(id);
  port.wants_connect_ = true;
  for_transport_.push(id.index);
  return id;
}

PortId PortTable::accept(const Endpoint& local, const Endpoint& remote) {
  const PortId id = make(local, remote);
  if (!id.valid()) return id;
  StreamPort& port = ports_.get(id);
  port.accepted_ = true;
  ++accepted_;
  port.opened();
  return id;
}

bool PortTable::may_accept() {
  admission_.look(PoolName::ports, capacity() - live(), capacity());
  admission_.look(PoolName::nodes, nodes_.available(), limits_.nodes);
  // The last eighth is kept for connections with nothing unread, so that a new one is served whoever holds the rest:
  // only of that eighth something must be left.
  admission_.look(PoolName::receive, receive_.free() + receive_.lent(), receive_.entries() / 8);
  admission_.look(PoolName::slabs, slabs_.free(), slabs_.entries());
  admission_.set(PoolName::clients, accepted_ >= limits_.accepted);
  return admission_.open();
}

void PortTable::destroy(PortId id) {
  const StreamPort& port = ports_.get(id);
  WP_ASSERT(port.closing_ || port.aborting_);
  for_application_.remove(id.index);
  for_transport_.remove(id.index);
  ports_.destroy(id);
}

bool PortTable::next(ReadyList& list, PortId& id) {
  std::uint32_t index = 0;
  if (!list.pop(index)) return false;
  id = by_index_[index];
  return true;
}

bool PortTable::next_for_application(PortId& id) {
  return next(for_application_, id);
}

bool PortTable::next_for_transport(PortId& id) {
  return next(for_transport_, id);
}

void PortTable::requeue_for_application(PortId id) {
  WP_ASSERT(find(id) != nullptr);
  for_application_.push(id.index);
}

void PortTable::requeue_for_transport(PortId id) {
  WP_ASSERT(find(id) != nullptr);
  for_transport_.push(id.index);
}

}  // namespace wp::stream
