#include "dataplane/proxy/proxy.h"

#include "dataplane/base/assert.h"
#include "dataplane/base/rng.h"

namespace wp::proxy {

Proxy::Proxy(const ProxyConfig& config, stream::PortTable& ports, balance::Accounts& accounts,
             balance::Residency& residency, std::uint64_t seed)
    : config_(config),
      ports_(ports),
      log_(config.max_clients, counters_),
      tokens_(accounts.tokens()),
      residency_(residency),
      upstreams_(config_, accounts.max_replicas(), ports, counters_),
      intake_(config_),
      relay_(config_, ports, counters_),
      dispatcher_(config_, ports, upstreams_, accounts, residency, counters_, seed),
      clients_(config.max_clients),
      sources_(config.max_clients, mix64(seed)),
      waits_(config.max_clients),
      gauges_(config, ports),
      exchanges_(config.max_clients),
      client_deadlines_(config.max_clients),
      stalled_(config.max_clients),
      scratch_(2048) {
  WP_ASSERT(ports.limits().accepted <= config.max_clients);
}

Proxy::~Proxy() = default;

void Proxy::step(Instant now, const balance::Snapshot& snapshot) {
  now_ = now;
  snapshot_ = &snapshot;
  counters_.body_slabs.set(intake_.body_bytes());
  if (snapshot.version != swept_version_) {
    upstreams_.sweep(snapshot);
    swept_version_ = snapshot.version;
    note({.at = now_, .number = snapshot.version, .kind = FlightKind::snapshot});
  }
  if (snapshot.draining && !draining_) drain();
  resume_stalled();

  // Only what was ready at the start: work that this step makes ready is next turn's.
  for (std::uint32_t left = ports_.application_ready(); left > 0; --left) {
    stream::PortId id;
    if (!ports_.next_for_application(id)) break;
    stream::StreamPort& port = ports_.get(id);
    const auto index = static_cast<std::uint32_t>(port.owner());
    switch (port.owner() & ~std::uint64_t{UINT32_MAX}) {
      case 0: accept(port); break;
      case kClientOwner: on_client(clients_.at(index)); break;
      case kUpstreamOwner: on_upstream(upstreams_.at(index)); break;
      default: WP_ASSERT(false);
    }
  }

  // Before deadlines: a turn that comes late finds at once that who held the room was slow, and that who waited for it
  // waited too long.
  relieve();
  serve_waiting();
  std::uint32_t client = 0;
  while (client_deadlines_.take_due(now, client)) on_client_deadline(clients_.at(client));
  Handle upstream;
  while (upstreams_.take_due(now, upstream)) on_upstream_deadline(upstream);
  note_pools();
  snapshot_ = nullptr;
}

void Proxy::describe(MetricList& list) const {
  counters_.describe(list);
  gauges_.describe(list, ports_.admission());
  list.counter("warmpath_copied_bytes_total",
               "Bytes received or to be sent, heads among them, that were copied within the process.", "",
               ports_.copied());
}

Instant Proxy::next_deadline() const {
  Instant due = earlier(client_deadlines_.next(), upstreams_.next_deadline());
  const bool wanted = !ports_.admission().open() || someone_waits_for_room();
  if (wanted) due = earlier(due, now_ + kLookAgain);
  return stalled_.empty() ? due : earlier(due, stall_over_);
}

void Proxy::drain() {
  if (!draining_) note({.at = now_, .number = clients_.live(), .kind = FlightKind::draining});
  draining_ = true;
  upstreams_.close_all_idle(Reason::shutting_down);
  // Requests that came before: what their replies' heads say of the connection is decided now.
  exchanges_.for_each([](Handle, Exchange& exchange) {
    if (!exchange.replying) exchange.keep_alive = false;
  });
  clients_.for_each([this](Handle h, const Client& client) {
    if (!client.exchange.valid() && !client.request.valid() && !waits_for_room(h))
      close_client(h, Reason::shutting_down);
  });
}

void Proxy::abort_all(Reason why) {
  clients_.for_each([&](Handle h, const Client& client) {
    if (client.exchange.valid()) cancel(client.exchange, why);
    abort_client(h, why);
  });
  upstreams_.close_all_idle(why);
}

}  // namespace wp::proxy
