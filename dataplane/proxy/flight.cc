// What Proxy leaves for a postmortem: one event at each step of a connection and an exchange.
#include "dataplane/proxy/proxy.h"

namespace wp::proxy {

void Proxy::note_client(FlightKind kind, Handle h, Reason why) {
  note({.at = now_, .client = h.pack(), .kind = kind, .reason = why});
}

void Proxy::note_exchange(FlightKind kind, Handle e, std::uint64_t number, Reason why) {
  if (flight_ == nullptr) return;
  const Exchange& exchange = exchanges_.get(e);
  const balance::ReplicaRef replica = exchange.charge.replica();
  note({.at = now_,
        .client = exchange.client.pack(),
        .exchange = e.pack(),
        .number = number,
        .replica = replica.valid() ? replica.id : FlightEvent::kNoReplica,
        .status = exchange.status,
        .kind = kind,
        .reason = why});
}

void Proxy::note_sent(Handle e, std::uint32_t prompt_tokens, std::uint64_t prefix) {
  if (flight_ == nullptr) return;
  const Exchange& exchange = exchanges_.get(e);
  note({.at = now_,
        .client = exchange.client.pack(),
        .exchange = e.pack(),
        .hash = prefix,
        .number = prompt_tokens,
        .replica = exchange.charge.replica().id,
        .kind = FlightKind::picked,
        .reason = exchange.decision});
  note_exchange(exchange.on_reused ? FlightKind::reused : FlightKind::connecting, e, exchange.upstream.pack());
}

}  // namespace wp::proxy
