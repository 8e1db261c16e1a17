// The half of Proxy that faces replicas: what happens to an exchange once it was sent.
#include <algorithm>

#include "dataplane/base/assert.h"
#include "dataplane/proxy/proxy.h"

namespace wp::proxy {

using Kind = RelayOutcome::Kind;

namespace {

// A close that crossed our request on a pooled connection is seen within a round trip or one retransmission. A later
// one may be a replica that died over the work, which must not be done twice.
constexpr Duration kStaleWindow = seconds(1);
// How long replies wait when the shard has no buffers: turning meanwhile would free none and burn the core.
constexpr Duration kStallPause = millis(1);

}  // namespace

PickedNames Proxy::picked_names(const Exchange& exchange) const {
  if (!config_.decision_headers || exchange.replying) return {};
  const balance::Replica* replica = snapshot_->find(exchange.charge.replica());
  const auto pool = std::ranges::find(snapshot_->pools, exchange.charge.pool(), &balance::Pool::id);
  return {replica == nullptr ? std::string_view("-") : std::string_view(replica->name),
          pool == snapshot_->pools.end() ? std::string_view("-") : std::string_view(pool->name)};
}

void Proxy::on_upstream(Handle h) {
  const Upstream& upstream = upstreams_.get(h);
  stream::StreamPort& port = ports_.get(upstream.port);
  const std::uint8_t events = port.take_events();
  if (!upstream.exchange.valid()) {
    if (!port.rx().empty()) return upstreams_.close(h, Reason::unasked_bytes);
    if (port.failed() || port.peer_closed()) upstreams_.close(h, Reason::peer_closed);
    return;
  }
  const Handle e = upstream.exchange;
  if ((events & stream::kOpened) != 0) {
    counters_.connect.record(now_ - upstream.since);
    Exchange& exchange = exchanges_.get(e);
    exchange.record.connect = now_ - upstream.since;
    exchange.record.phase = RequestPhase::wait;
    note_exchange(FlightKind::opened, e, h.pack());
    upstreams_.arm(h, now_ + exchange.timeouts.first_byte);
  }
  pump(e);
}

void Proxy::pump(Handle e) {
  Exchange& exchange = exchanges_.get(e);
  log_.touch(exchange.client.index);
  stream::StreamPort& upstream = ports_.get(upstreams_.get(exchange.upstream).port);
  // Here and not with the port's own events: a client's may come first, in the same turn.
  if (upstream.failed() && !upstream.is_open()) return attempt_failed(e, upstream.failure());
  stream::StreamPort& client = ports_.get(clients_.get(exchange.client).port);
  const bool replied = exchange.replying;
  const bool began = exchange.first_byte_seen;
  const RelayOutcome outcome = relay_.run(now_, exchange, upstream, client, picked_names(exchange));
  if (exchange.replying && !replied) note_exchange(FlightKind::replying, e, exchange.record.attempts);
  if (exchange.first_byte_seen && !began) {
    dispatcher_.note_first_byte(exchange, now_);
    note_exchange(FlightKind::first_byte, e, static_cast<std::uint64_t>(exchange.record.first_byte.micros()));
  }
  // Once the reply has begun nothing can be sent again, so what was kept for that is let go.
  if (exchange.replying && exchange.request.valid()) intake_.release(exchange.request);
  settle(e, outcome);
}

// A streaming server sends its head at once and then computes for as long as any other, so that only the body's first
// byte ends that wait.
Duration Proxy::patience(const Exchange& exchange) const {
  return exchange.first_byte_seen ? exchange.timeouts.progress : exchange.timeouts.first_byte;
}

void Proxy::stall(Handle e) {
  counters_.relay_stalls.add();
  if (stalled_.empty()) stall_over_ = now_ + kStallPause;
  stalled_.push(e.index);
}

void Proxy::resume_stalled() {
  if (stalled_.empty() || now_ < stall_over_) return;
  std::uint32_t index = 0;
  while (stalled_.pop(index)) {
    const Exchange& exchange = exchanges_.get(exchanges_.at(index));
    ports_.requeue_for_application(upstreams_.get(exchange.upstream).port);
  }
}

void Proxy::settle(Handle e, const RelayOutcome& outcome) {
  Exchange& exchange = exchanges_.get(e);
  Upstream& upstream = upstreams_.get(exchange.upstream);
  stream::StreamPort& port = ports_.get(upstream.port);
  if (exchange.blocked && outcome.kind != Kind::blocked) {
    exchange.blocked = false;
    client_deadlines_.disarm(exchange.client.index);
    waits_.leave(exchange.client.index);
    note_ahead(exchange.client);
    upstreams_.arm(exchange.upstream, now_ + patience(exchange));
  } else if (outcome.progress && exchange.first_byte_seen && outcome.kind != Kind::blocked) {
    upstreams_.arm(exchange.upstream, now_ + patience(exchange));
  }
  switch (outcome.kind) {
    case Kind::need_more:
      if (port.failed() || port.peer_closed()) upstream_ended(e);
      return;
    case Kind::starved: return stall(e);
    case Kind::again: ports_.requeue_for_application(upstream.port); return;
    case Kind::blocked:
      ports_.get(clients_.get(exchange.client).port).notify_writable();
      // Progress is the client's as well: it made the room that was used up.
      if (exchange.blocked && !outcome.progress) return;
      exchange.blocked = true;
      exchange.client_took = ports_.get(clients_.get(exchange.client).port).bytes_sent();
      // The wait is the client's fault now, not the replica's.
      arm_client(exchange.client, now_ + snapshot_->client.progress);
      waits_.enter(exchange.client.index, Wait::reader, now_);
      upstreams_.arm(exchange.upstream, kNever);
      return;
    case Kind::complete: return complete(e);
    case Kind::failed: return fail_exchange(e, outcome.reason);
  }
}

void Proxy::upstream_ended(Handle e) {
  Exchange& exchange = exchanges_.get(e);
  const bool silent = !exchange.replying && !exchange.reply_head.valid() && exchange.interims == 0;
  const bool crossed = exchange.on_reused && now_ - exchange.sent <= kStaleWindow;
  if (silent && crossed && !exchange.stale_retry) {
    // The replica closed its idle connection while our request was on its way: it cannot have begun (RFC 9112
    // section 9.3.1 allows the retry when nothing of a reply has come). Once only.
    exchange.stale_retry = true;
    counters_.reasons.count(Reason::stale_connection);
    note_exchange(FlightKind::retried, e, exchange.record.attempts, Reason::stale_connection);
    drop_upstream(exchange, Reason::stale_connection);
    // A replica that stops leaves the snapshot as it closes: then the retry is another's.
    const bool gone = snapshot_->find(exchange.charge.replica()) == nullptr;
    return gone ? dispatch_anew(e, Reason::stale_connection) : redispatch(e, Reason::stale_connection);
  }
  stream::StreamPort& upstream = ports_.get(upstreams_.get(exchange.upstream).port);
  stream::StreamPort& client = ports_.get(clients_.get(exchange.client).port);
  settle(e, relay_.upstream_ended(now_, exchange, upstream, client));
}

void Proxy::redispatch(Handle e, Reason why) {
  Exchange& exchange = exchanges_.get(e);
  const Client& client = clients_.get(exchange.client);
  const Reason reason =
      dispatcher_.resend(now_, *snapshot_, exchange, e, intake_.get(exchange.request), client.address_text());
  if (reason == Reason::no_replica) return give_up(e, why);
  if (reason != Reason::none) return fail_exchange(e, reason);
  note_exchange(exchange.on_reused ? FlightKind::reused : FlightKind::connecting, e, exchange.upstream.pack());
}

void Proxy::attempt_failed(Handle e, Reason why) {
  Exchange& exchange = exchanges_.get(e);
  // No handshake, so nothing was sent: another try is safe whatever failed, our own lack of a socket among it.
  WP_ASSERT(!exchange.replying && !ports_.get(upstreams_.get(exchange.upstream).port).is_open());
  counters_.reasons.count(why);
  note_exchange(FlightKind::retried, e, exchange.record.attempts, why);
  drop_upstream(exchange, why);
  const balance::Replica* replica = snapshot_->find(exchange.charge.replica());
  if (replica != nullptr && exchange.endpoint + 1 < replica->endpoints.size()) {
    ++exchange.endpoint;  // the same replica may answer at its other address
    return redispatch(e, why);
  }
  exchange.failed[exchange.failures++] = exchange.charge.replica();
  if (exchange.failures >= std::min(config_.attempts, kMaxAttempts)) return give_up(e, why);
  dispatch_anew(e, why);
}

void Proxy::dispatch_anew(Handle e, Reason why) {
  Exchange& exchange = exchanges_.get(e);
  exchange.charge.release();
  const Client& client = clients_.get(exchange.client);
  const Reason reason =
      dispatcher_.dispatch(now_, *snapshot_, exchange, e, intake_.get(exchange.request), client.address_text());
  if (reason == Reason::no_replica) return give_up(e, why);
  if (reason != Reason::none) return fail_exchange(e, reason);
  const prompt::Features& features = intake_.get(exchange.request).features;
  note_sent(e, features.estimated_tokens, features.first_chunk);
}

void Proxy::drop_upstream(Exchange& exchange, Reason why) {
  if (!exchange.upstream.valid()) return;
  upstreams_.abort(exchange.upstream, why);
  exchange.upstream = {};
}

void Proxy::complete(Handle e) {
  Exchange& exchange = exchanges_.get(e);
  const Handle h = exchange.client;
  const bool keep_alive = exchange.keep_alive && !draining_;
  counters_.completed.add();
  counters_.duration.record(now_ - exchange.received);
  const stream::StreamPort& upstream = ports_.get(upstreams_.get(exchange.upstream).port);
  if (snapshot_->find(exchange.charge.replica()) == nullptr) {
    upstreams_.close(exchange.upstream, Reason::replica_gone);
  } else if (exchange.unasked_bytes) {
    upstreams_.close(exchange.upstream, Reason::unasked_bytes);
  } else if (!exchange.upstream_reusable || draining_) {
    upstreams_.close(exchange.upstream, Reason::finished);
  } else if (upstream.peer_closed() || upstream.failed()) {
    upstreams_.close(exchange.upstream, Reason::peer_closed);
  } else {
    upstreams_.park(exchange.upstream, now_, exchange.timeouts.idle);
  }
  exchange.upstream = {};
  exchange.record.phase = RequestPhase::done;
  note_exchange(FlightKind::completed, e, exchange.record.reply_bytes);
  log_exchange(exchange, Reason::none, exchange.status);
  end_exchange(e);
  if (!keep_alive) return close_client(h, Reason::finished);
  await_request(h);
}

void Proxy::fail_exchange(Handle e, Reason why) {
  counters_.reasons.count(why);
  give_up(e, why);
}

void Proxy::give_up(Handle e, Reason why) {
  Exchange& exchange = exchanges_.get(e);
  const Handle h = exchange.client;
  const bool was_replying = exchange.replying;
  const http::Framing framing = exchange.framing;
  // A replica whose framing was ambiguous may have answered more than one request, or none: neither its connection nor
  // the client's is used again.
  const bool ambiguous =
      why == Reason::replica_bad_head || why == Reason::replica_bad_framing || why == Reason::replica_upgrade;
  const bool keep_alive = exchange.keep_alive && !draining_ && !ambiguous;
  const ErrorReply reply = was_replying ? ErrorReply{} : describe_refusal(clients_.get(h), why, keep_alive);
  (info(why).fault == Fault::replica ? counters_.failed : counters_.refused).add();
  drop_upstream(exchange, why);
  note_exchange(FlightKind::failed, e, exchange.record.reply_bytes, why);
  log_exchange(exchange, why, was_replying ? exchange.status : info(why).status);
  end_exchange(e);
  if (!was_replying) return answer(h, reply);
  // The client must see that the reply is not whole. A missing last chunk or missing bytes say so after an orderly
  // close, which still delivers what came; a reply framed by the close itself can only be reset.
  if (framing == http::Framing::until_close) return abort_client(h, Reason::reply_cut);
  close_client(h, Reason::reply_cut);
}

void Proxy::cancel(Handle e, Reason why) {
  Exchange& exchange = exchanges_.get(e);
  (info(why).fault == Fault::client ? counters_.client_gone : counters_.failed).add();
  drop_upstream(exchange, why);
  note_exchange(FlightKind::cancelled, e, exchange.record.reply_bytes, why);
  log_exchange(exchange, why, exchange.replying ? exchange.status : std::uint16_t{0});
  end_exchange(e);
}

void Proxy::take_receipt(Exchange& exchange, Reason why) {
  if (!exchange.usage.reads()) return;
  const std::optional<prompt::Usage> usage = exchange.usage.usage();
  if (!usage) {
    // One that was cut may have had it still to come.
    if (why == Reason::none) tokens_.count_untold(exchange.charge.pool());
    return;
  }
  const balance::ReplicaRef replica = exchange.charge.replica();
  const balance::Receipt receipt{.replica = replica,
                                 .pool = exchange.charge.pool(),
                                 .canonical_bytes = exchange.canonical_bytes,
                                 .last_rung = exchange.last_rung,
                                 .estimated_tokens = exchange.estimated_tokens,
                                 .expected_cached = exchange.expected_cached,
                                 .expected_age = exchange.expected_age,
                                 .known_cached = exchange.known_cached,
                                 .prompt_tokens = usage->prompt_tokens,
                                 .completion_tokens = usage->completion_tokens,
                                 .cached_tokens = tokens_.cached(replica, exchange.api, usage->cached_tokens)};
  tokens_.apply(receipt);
  balance::learn(residency_, receipt);
  exchange.record.told_prompt_tokens = receipt.prompt_tokens;
  exchange.record.told_completion_tokens = receipt.completion_tokens;
  exchange.record.told_cached_tokens = receipt.cached_tokens.value_or(kNotTold);
}

void Proxy::log_exchange(Exchange& exchange, Reason why, std::uint16_t status) {
  take_receipt(exchange, why);
  dispatcher_.note_end(exchange, now_);
  if (log_.writes()) {
    AccessRecord& record = exchange.record;
    record.reason = why;
    record.status = status;
    record.decision = exchange.decision;
    record.reused = exchange.on_reused;
    record.events = static_cast<std::uint32_t>(exchange.events.events() - (exchange.cut.cut() ? 1 : 0));
    record.total = now_ - record.start;
  }
  log_.end(exchange.client.index, exchange.record);
}

void Proxy::end_exchange(Handle e) {
  Exchange& exchange = exchanges_.get(e);
  WP_ASSERT(!exchange.upstream.valid());
  exchange.charge.release();
  if (exchange.request.valid()) intake_.release(exchange.request);
  relay_.release(exchange);
  stalled_.remove(e.index);
  waits_.leave(exchange.client.index);
  clients_.get(exchange.client).exchange = {};
  exchanges_.destroy(e);
  counters_.in_flight.sub();
}

void Proxy::on_upstream_deadline(Handle h) {
  const Upstream& upstream = upstreams_.get(h);
  if (!ports_.get(upstream.port).is_open()) return attempt_failed(upstream.exchange, Reason::connect_timeout);
  const bool begun = exchanges_.get(upstream.exchange).first_byte_seen;
  fail_exchange(upstream.exchange, begun ? Reason::token_timeout : Reason::first_token_timeout);
}

}  // namespace wp::proxy
