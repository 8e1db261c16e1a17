#include "tests/unit/load/world.h"

#include <algorithm>

namespace wp::load {
namespace {

stream::StreamLimits small_limits() {
  stream::StreamLimits limits;
  limits.ports = 256;
  limits.nodes = 8192;
  limits.receive_entries = 1024;
  limits.slab_entries = 1024;
  return limits;
}

}  // namespace

World::World(replica::ReplicaConfig config, const replica::ConnectionLimits& limits)
    : client_ports_(small_limits()),
      server_ports_(small_limits()),
      server_(server_ports_, limits),
      replica_(std::move(config)) {
  server_.add(kPort, replica_);
}

Endpoint World::target() {
  Endpoint endpoint;
  endpoint.family = Endpoint::Family::v4;
  endpoint.address = {127, 0, 0, 1};
  endpoint.port = kPort;
  return endpoint;
}

// Plays the transport for connections that the load asks for.
void World::adopt() {
  stream::PortId id;
  for (std::uint32_t left = client_ports_.transport_ready(); left > 0 && client_ports_.next_for_transport(id); --left) {
    const stream::StreamPort& port = client_ports_.get(id);
    if (!port.wants_connect()) continue;  // its pair looks after it
    if (port.aborting()) {
      client_ports_.destroy(id);
      continue;
    }
    if (deaf) continue;
    pairs_.push_back(std::make_unique<stream::StreamPair>(client_ports_, id, server_ports_, target()));
  }
}

bool World::turn(Load& load) {
  load.step(now_);
  adopt();
  bool moved = false;
  for (const auto& pair : pairs_) moved |= pair->pump();
  std::erase_if(pairs_, [](const auto& pair) { return pair->done(); });
  server_.step(now_);
  for (const auto& pair : pairs_) moved |= pair->pump();
  return moved || client_ports_.application_ready() > 0;
}

void World::run(Load& load, Duration limit) {
  const Instant end = now_ + limit;
  while (now_ < end && !load.done()) {
    if (turn(load)) continue;
    now_ = std::max(now_ + nanos(1), earlier(end, earlier(load.next_deadline(), server_.next_deadline())));
  }
}

}  // namespace wp::load
