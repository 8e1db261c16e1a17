#include "tools/replica/server.h"

#include <utility>

#include "dataplane/base/assert.h"

namespace wp::replica {

Server::Server(stream::PortTable& ports, const ConnectionLimits& limits)
    : ports_(ports), limits_(limits), connections_(ports.capacity()), idle_(ports.capacity()) {}

void Server::add(std::uint16_t port, Replica& replica) {
  const bool added = replicas_.emplace(port, &replica).second;
  WP_ASSERT(added);
}

Connection* Server::find(stream::PortId id) {
  Connection* connection = connections_[id.index].get();
  return connection != nullptr && connection->id() == id ? connection : nullptr;
}

void Server::step(Instant now) {
  for (const stream::PortId id : std::exchange(starved_, {})) {
    if (Connection* connection = find(id)) after(*connection, connection->on_port(now), now);
  }
  stream::PortId id;
  for (std::uint32_t left = ports_.application_ready(); left > 0 && ports_.next_for_application(id); --left) {
    serve_port(id, now);
  }
  for (const auto& [port, replica] : replicas_) {
    if (replica->engine().next_deadline() <= now) serve_engine(*replica, now);
  }
  std::uint32_t index = 0;
  while (idle_.take_due(now, index)) {
    if (Connection* connection = connections_[index].get()) after(*connection, connection->on_deadline(now), now);
  }
}

void Server::serve_port(stream::PortId id, Instant now) {
  stream::StreamPort& port = ports_.get(id);
  static_cast<void>(port.take_events());  // the connection looks at the port's state, which says more
  Connection* connection = find(id);
  if (connection == nullptr) {
    const auto replica = replicas_.find(port.local().port);
    WP_ASSERT(replica != replicas_.end());
    connections_[id.index] = std::make_unique<Connection>(port, *replica->second, limits_, now);
    connection = connections_[id.index].get();
    ++open_;
  }
  after(*connection, connection->on_port(now), now);
}

void Server::serve_engine(Replica& replica, Instant now) {
  events_.clear();
  replica.engine().poll(now, events_);
  for (const Event& event : events_) {
    if (Connection* connection = find(Handle::unpack(event.tag))) {
      after(*connection, connection->on_engine(event, now), now);
    }
  }
}

void Server::after(Connection& connection, Life life, Instant now) {
  const stream::PortId id = connection.id();
  if (life == Life::ended) {
    idle_.disarm(id.index);
    connections_[id.index].reset();
    --open_;
    return;
  }
  idle_.arm(id.index, connection.deadline());
  if (connection.starved()) {
    starved_.push_back(id);
    starved_since_ = now;
  }
}

Instant Server::next_deadline() const {
  Instant next = idle_.next();
  for (const auto& [port, replica] : replicas_) next = earlier(next, replica->engine().next_deadline());
  if (!starved_.empty()) next = earlier(next, starved_since_ + kRetryStarved);
  return next;
}

}  // namespace wp::replica
