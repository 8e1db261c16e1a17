// The stack's dealings with its ports: what applications want, and what connections have to tell them.
#include <algorithm>

#include "dataplane/base/assert.h"
#include "dataplane/tcp/stack.h"

namespace wp::tcp {

using stream::PortId;
using stream::StreamPort;

namespace {

Reason reason_of(Event event, bool active) {
  switch (event) {
    case Event::refused: return Reason::connect_refused;
    case Event::unreachable: return Reason::connect_timeout;
    // A peer that does not answer any more is as gone as one that says so: the kernel's transports say the same of it.
    default: return active ? Reason::replica_reset : Reason::client_reset;
  }
}

}  // namespace

// RFC 6056: a port of the range that nobody can tell beforehand, and those behind it until one is free towards this
// peer. By hash, not by the generator, whose state a peer could work out from the ports that it sees.
bool Stack::choose_source(const Endpoint& remote, Flow& flow) {
  const auto source =
      std::ranges::find_if(sources_, [&](const Endpoint& local) { return local.family == remote.family; });
  if (source == sources_.end()) return false;
  const std::uint32_t range = std::uint32_t{limits_.last_port} - limits_.first_port + 1;
  constexpr std::uint32_t kTries = 64;
  flow = {.local = *source, .remote = remote};
  const auto first = static_cast<std::uint32_t>(secret_.source_port(flow, ++sources_chosen_) % range);
  for (std::uint32_t i = 0; i < std::min(range, kTries); ++i) {
    flow.local.port = static_cast<std::uint16_t>(limits_.first_port + (first + i) % range);
    if (table_.find(flow) == ConnectionTable::kNone) return true;
  }
  return false;
}

void Stack::connect(Instant now, PortId id) {
  StreamPort& port = ports_->get(id);
  port.connect_started();
  connection_of_[id.index] = {};
  Flow flow;
  const bool has_source = !port.closing() && choose_source(port.remote(), flow);
  if (has_source) make_room();
  const Handle made = has_source ? connections_.make(shared_, opening(now, flow)) : Handle{};
  if (!made.valid()) {
    port.fail(Reason::no_connection_slot);
    return;
  }
  port.set_local(flow.local);
  adopt(made, flow, id);
}

void Stack::step_port(Instant now, PortId id) {
  StreamPort& port = ports_->get(id);
  if (port.wants_connect()) connect(now, id);
  const Handle handle = connection_of_[id.index];
  Connection* connection = connections_.find(handle);
  if (connection == nullptr || port_of_[handle.index] != id) {
    if (port.closing() || port.aborting()) ports_->destroy(id);
    return;
  }
  const bool is_pointless = connection->state() == State::syn_sent && port.closing() && port.tx().empty();
  if (port.aborting() || is_pointless) {
    connection->abort();
    let_port_go(handle.index);
  } else {
    connection->on_port(now, port);
  }
  if (settle(handle.index)) sendable_.push(handle.index);
}

void Stack::step(Instant now) {
  // Only what is ready now: what this makes ready is the next turn's.
  PortId id;
  for (std::uint32_t left = ports_->transport_ready(); left > 0 && ports_->next_for_transport(id); --left) {
    step_port(now, id);
  }
  std::uint32_t index = 0;
  while (wheel_.take_due(now, index)) {
    Connection& connection = connections_.get(connections_.at(index));
    connection.on_timer(now, port_of(index));
    if (settle(index)) sendable_.push(index);
  }
}

void Stack::let_port_go(std::uint32_t index) {
  const PortId id = port_of_[index];
  port_of_[index] = {};
  if (StreamPort* port = ports_->find(id); port != nullptr && (port->closing() || port->aborting())) {
    ports_->destroy(id);
  }
}

void Stack::tell_port(std::uint32_t index, Event event) {
  const Connection& connection = connections_.get(connections_.at(index));
  if (is_half_open_[index]) {
    is_half_open_[index] = false;
    --half_open_;
  }
  StreamPort* port = port_of(index);
  if (port == nullptr) return;
  switch (event) {
    case Event::established:
      if (connection.opened_actively()) port->opened();
      break;
    case Event::peer_closed: port->deliver_fin(); break;
    case Event::finished: break;
    default: port->fail(reason_of(event, connection.opened_actively())); break;
  }
}

void Stack::release(std::uint32_t index) {
  const Handle handle = connections_.at(index);
  if (is_half_open_[index]) {
    is_half_open_[index] = false;
    --half_open_;
  }
  let_port_go(index);
  wheel_.disarm(index);
  sendable_.remove(index);
  time_waits_.remove(index);
  table_.erase(index);
  connections_.destroy(handle);
}

// Who only waits in TIME_WAIT gives way to who has something to say: else a client that opens and has us close could
// fill all of our places for as long as that lasts.
void Stack::make_room() {
  std::uint32_t oldest = 0;
  if (connections_.live() < limits_.connections || !time_waits_.front(oldest)) return;
  shared_.counters.time_wait_cut.add();
  release(oldest);
}

bool Stack::settle(std::uint32_t index) {
  Connection& connection = connections_.get(connections_.at(index));
  while (const auto event = connection.poll_event()) tell_port(index, *event);
  if (connection.is_done()) {
    release(index);
    return false;
  }
  if (connection.state() == State::time_wait) time_waits_.push(index);
  // Nothing of the port is needed any more: all that was queued has been acknowledged, and the peer has closed.
  const bool is_over = connection.state() == State::time_wait || connection.state() == State::closed;
  const StreamPort* port = port_of(index);
  if (is_over && port != nullptr && port->closing()) let_port_go(index);
  return true;
}

}  // namespace wp::tcp
