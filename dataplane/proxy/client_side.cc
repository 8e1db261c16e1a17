// The half of Proxy that faces clients: connections, reading requests, refusing them.
#include <algorithm>

#include "dataplane/base/assert.h"
#include "dataplane/proxy/models.h"
#include "dataplane/proxy/proxy.h"

namespace wp::proxy {

void Proxy::accept(stream::StreamPort& port) {
  if (const Reason refused = admit(port.remote()); refused != Reason::none) return turn_away(port, refused);
  const Handle h = clients_.make();
  WP_ASSERT(h.valid());  // the ports accept no more than there are
  Client& client = clients_.get(h);
  client.port = port.id();
  const std::string text = address_string(port.remote());
  client.address_length = static_cast<std::uint8_t>(std::min(text.size(), sizeof client.address));
  std::copy_n(text.begin(), client.address_length, client.address);
  port.set_owner(kClientOwner | h.index);
  sources_.add(port.remote());
  counters_.clients.add();
  counters_.accepted.add();
  note_client(FlightKind::accepted, h);
  arm_client(h, now_ + snapshot_->client.head);
  waits_.enter(h.index, Wait::silent, now_);
  on_client(h);
}

Reason Proxy::admit(const Endpoint& source) const {
  if (draining_) return Reason::shutting_down;
  if (config_.max_per_source > 0 && sources_.count(source) >= config_.max_per_source) return Reason::source_limit;
  return Reason::none;
}

void Proxy::turn_away(stream::StreamPort& port, Reason why) {
  counters_.reasons.count(why);
  // An orderly close holds the port until the peer's own: with many held so, an answer costs more than it is worth.
  if (ports_.live() > ports_.capacity() / 2) return port.abort(why);
  http::Writer out(scratch_);
  write_error(out, {.reason = why, .retry_after = true});
  // Best effort: without a buffer for it the close alone must say it.
  static_cast<void>(port.append(out.written()));
  port.close();
}

void Proxy::on_client(Handle h) {
  log_.touch(h.index);
  const Client& client = clients_.get(h);
  stream::StreamPort& port = ports_.get(client.port);
  const std::uint8_t events = port.take_events();
  if (port.failed()) {
    if (client.exchange.valid()) cancel(client.exchange, port.failure());
    return close_client(h, port.failure());
  }
  if (!client.exchange.valid()) {
    if (waits_for_room(h)) return;
    if (waits_.of(h.index) == Wait::unread && port.tx_credit() > 0) {
      port.tx_bytes() == 0 ? waits_.enter(h.index, Wait::idle, now_) : port.notify_drained();
    }
    return read_requests(h);
  }
  // A FIN while a reply is pending: nobody waits for it any more, so the replica's slot is freed at once. Unread bytes
  // are pipelined requests of a client that still expects its answers.
  if (port.peer_closed() && port.rx().empty()) {
    const bool part_is_out = exchanges_.get(client.exchange).replying;
    cancel(client.exchange, Reason::client_closed);
    // A half-closed client may still read, and must not take what it has for the whole.
    return part_is_out ? abort_client(h, Reason::client_closed) : close_client(h, Reason::client_closed);
  }
  note_ahead(h);
  if ((events & stream::kWritable) != 0) pump(client.exchange);
}

// A request's milestones, once each.
void Proxy::note_times(Request& request, Instant began) const {
  if (request.began == Instant{}) request.began = began;
  if (request.head_complete && request.head_read == Instant{}) request.head_read = now_;
}

void Proxy::read_requests(Handle h) {
  Client& client = clients_.get(h);
  stream::StreamPort& port = ports_.get(client.port);
  if (port.tx_credit() == 0) {  // our own error replies pile up: the client must read first
    port.notify_writable();
    if (waits_.of(h.index) != Wait::unread) waits_.enter(h.index, Wait::unread, now_);
    // Bytes of a next request are no reading.
    if (client.took == port.bytes_sent()) return;
    client.took = port.bytes_sent();
    return arm_client(h, now_ + snapshot_->client.progress);
  }
  if (!client.request.valid()) log_.begin(h.index);
  // Whoever came before has the next slot.
  const bool others_wait = !client.request.valid() && !port.rx().empty() && !waits_.empty(Wait::slot);
  others_wait ? wait_for_room(h, Reason::no_head_slab) : read_request(h, now_, awaited_slabs());
}

void Proxy::read_request(Handle h, Instant began, std::size_t slabs_below) {
  Client& client = clients_.get(h);
  stream::StreamPort& port = ports_.get(client.port);
  const bool fresh = !client.request.valid();
  const IntakeResult result = intake_.read(port, client.request, slabs_below, snapshot_->keys);
  if (client.request.valid()) note_times(intake_.get(client.request), began);
  switch (result.kind) {
    case IntakeResult::Kind::complete: answer_request(h); return look_behind(h);
    case IntakeResult::Kind::refused:
      if (result.reason == Reason::no_head_slab || result.reason == Reason::no_body_slab) {
        return wait_for_room(h, result.reason);
      }
      counters_.count(result.flaw);
      return refuse(h, result.reason, result.reusable && !draining_);
    case IntakeResult::Kind::need_more: break;
  }
  if (port.peer_closed()) {
    return close_client(h, client.request.valid() ? Reason::client_closed : Reason::peer_closed);
  }
  if (result.again) return read_on_next_turn(h);
  if (!client.request.valid()) {
    if (draining_) close_client(h, Reason::shutting_down);
  } else if (!intake_.get(client.request).head_complete) {
    if (!fresh) return;
    arm_client(h, now_ + snapshot_->client.head);
    waits_.enter(h.index, Wait::head, now_);
  } else if (result.progress) {
    Request& request = intake_.get(client.request);
    request.body_progress = now_;
    arm_client(h, body_deadline(request));
    // Some bytes now and then do not make it one that gets on.
    constexpr std::uint32_t kStep = 4096;
    if (waits_.of(h.index) != Wait::body || request.body_bytes - request.body_paid >= kStep) {
      request.body_paid = request.body_bytes;
      waits_.enter(h.index, Wait::body, now_);
    }
  }
}

// What was there before the request's last byte was read is not told of again: a FIN, bytes of a next request.
void Proxy::look_behind(Handle h) {
  const Client* client = clients_.find(h);
  if (client == nullptr || !client->exchange.valid()) return;
  const stream::StreamPort& port = ports_.get(client->port);
  if (port.peer_closed() && port.rx().empty()) ports_.requeue_for_application(client->port);
  note_ahead(h);
}

void Proxy::note_ahead(Handle h) {
  const bool none = waits_.of(h.index) == Wait::none;
  if (none && !ports_.get(clients_.get(h).port).rx().empty()) waits_.enter(h.index, Wait::ahead, now_);
}

// The body is whole, and nobody is waited for.
void Proxy::read_on_next_turn(Handle h) {
  waits_.leave(h.index);
  client_deadlines_.disarm(h.index);
  ports_.requeue_for_application(clients_.get(h).port);
}

ErrorReply Proxy::describe_refusal(const Client& client, Reason reason, bool keep_alive) {
  ErrorReply reply{.reason = reason, .keep_alive = keep_alive};
  reply.retry_after = info(reason).status == 503 || info(reason).status == 429;
  Handle request = client.request;
  if (const Exchange* exchange = exchanges_.find(client.exchange)) {
    reply.api = exchange->api;
    reply.http10 = exchange->http10;
    reply.head_request = exchange->method == http::Method::head;
    return reply;
  }
  if (!request.valid()) return reply;
  const Request& read = intake_.get(request);
  reply.api = read.api;
  // Both hold as soon as the request line was read: a HEAD that is refused for a field of its head gets no body either,
  // which the client would take for the next reply.
  reply.http10 = read.head().minor_version == 0;
  reply.head_request = read.head().method == http::Method::head;
  if (!read.head_complete) return reply;
  reply.keep_alive = keep_alive && read.head().keep_alive;
  return reply;
}

void Proxy::refuse(Handle h, Reason reason, bool keep_alive) {
  const ErrorReply reply = describe_refusal(clients_.get(h), reason, keep_alive);
  counters_.reasons.count(reason);
  counters_.refused.add();
  log_unserved(h, reason, info(reason).status);
  answer(h, reply);
}

void Proxy::log_unserved(Handle h, Reason why, std::uint16_t status) {
  const Client& client = clients_.get(h);
  const std::uint64_t body_bytes = client.request.valid() ? intake_.get(client.request).body_bytes : 0;
  note({.at = now_,
        .client = h.pack(),
        .number = body_bytes,
        .status = status,
        .kind = FlightKind::refused,
        .reason = why});
  AccessRecord record;
  if (log_.writes()) {
    record.start = now_;
    if (client.request.valid()) intake_.get(client.request).describe(record, now_);
    record.client = ports_.get(client.port).remote();
    record.reason = why;
    record.status = status;
    record.total = now_ - record.start;
  }
  log_.end(h.index, record);
}

void Proxy::answer(Handle h, const ErrorReply& reply) {
  http::Writer out(scratch_);
  write_error(out, reply);
  hand_out(h, out, reply.keep_alive);
}

// A whole request: what it asks for is ours to say, or a replica's.
void Proxy::answer_request(Handle h) {
  const Request& request = intake_.get(clients_.get(h).request);
  if (request.probe != Probe::none) return answer_probe(h);
  if (!snapshot_->models.empty() && lists_models(request.head())) return answer_models(h);
  start_exchange(h);
}

void Proxy::answer_models(Handle h) {
  const http::RequestHead& head = intake_.get(clients_.get(h).request).head();
  const bool keep_alive = head.keep_alive && !draining_;
  const bool body = head.method != http::Method::head;
  counters_.model_lists.add();
  http::Writer out(scratch_);
  write_models_head(out, head, snapshot_->models.size(), keep_alive);
  hand_out(h, out, keep_alive, body ? std::string_view(snapshot_->models) : std::string_view());
}

void Proxy::answer_probe(Handle h) {
  const Request& request = intake_.get(clients_.get(h).request);
  const ProbeReply reply{.good = request.probe == Probe::live || (snapshot_->ready && !draining_),
                         .keep_alive = request.head().keep_alive && !draining_,
                         .http10 = request.head().minor_version == 0,
                         .head_request = request.head().method == http::Method::head};
  counters_.probes.add();
  http::Writer out(scratch_);
  write_probe(out, reply);
  hand_out(h, out, reply.keep_alive);
}

// A reply that we wrote ourselves, `rest` behind it.
void Proxy::hand_out(Handle h, const http::Writer& out, bool keep_alive, std::string_view rest) {
  Client& client = clients_.get(h);
  WP_ASSERT(!out.overflowed());
  stream::StreamPort& port = ports_.get(client.port);
  const bool queued = port.append(out.written()) && (rest.empty() || port.append(stream::as_bytes(rest)));
  if (client.request.valid()) intake_.release(client.request);
  if (!queued || !keep_alive) return close_client(h, Reason::finished);
  await_request(h);
}

void Proxy::await_request(Handle h) {
  Client& client = clients_.get(h);
  client.answered = true;
  client.took = UINT64_MAX;
  arm_client(h, now_ + snapshot_->client.keep_alive);
  // A small rest is in the kernel's hands in a moment, and is not worth an event.
  stream::StreamPort& port = ports_.get(client.port);
  const bool unread = port.tx_bytes() > stream::PortTable::kSlabBytes;
  if (unread) port.notify_drained();
  // With the next request there already it is on no list: that one is read in the next turn.
  port.rx().empty() ? waits_.enter(h.index, unread ? Wait::unread : Wait::idle, now_) : waits_.leave(h.index);
  // The next pipelined request, or a close that came meanwhile, is looked at in its own right.
  ports_.requeue_for_application(client.port);
}

void Proxy::start_exchange(Handle h) {
  if (exchanges_.live() >= config_.max_requests) return refuse(h, Reason::too_many_requests, !draining_);
  Client& client = clients_.get(h);
  Request& request = intake_.get(client.request);
  dispatcher_.prefetch(*snapshot_, request);
  const Handle e = exchanges_.make();
  WP_ASSERT(e.valid());  // as many as clients, and each has one
  Exchange& exchange = exchanges_.get(e);
  exchange.client = h;
  exchange.request = client.request;
  exchange.api = request.api;
  exchange.method = request.head().method;
  exchange.http10 = request.head().minor_version == 0;
  exchange.keep_alive = request.head().keep_alive && !draining_;
  exchange.received = now_;
  if (log_.writes()) {
    request.describe(exchange.record, now_);
    exchange.record.client = ports_.get(client.port).remote();
  }
  exchange.record.phase = RequestPhase::pick;
  client.exchange = e;
  client.request = {};
  note({.at = now_,
        .client = h.pack(),
        .exchange = e.pack(),
        .hash = request.features.session,
        .number = request.body_bytes,
        .kind = FlightKind::request});
  counters_.in_flight.add();
  client_deadlines_.disarm(h.index);
  waits_.leave(h.index);
  const Reason reason = dispatcher_.dispatch(now_, *snapshot_, exchange, e, request, client.address_text());
  if (reason != Reason::none) return fail_exchange(e, reason);
  note_sent(e, request.features.estimated_tokens, request.features.first_chunk);
}

void Proxy::on_client_deadline(Handle h) {
  const Client& client = clients_.get(h);
  if (client.exchange.valid()) return on_reader_deadline(h);
  if (waits_for_room(h)) return refuse_for_room(h);
  if (!client.request.valid()) {
    // In order: what it has not read of the last reply is still sent, within the transport's own bounds.
    return close_client(h, client.answered ? Reason::keep_alive_timeout : Reason::no_request);
  }
  const Request& request = intake_.get(client.request);
  if (!request.head_complete) return refuse(h, Reason::head_timeout, false);
  const bool stopped = now_ - request.body_progress >= snapshot_->client.body;
  refuse(h, stopped ? Reason::body_timeout : Reason::body_too_slow, false);
}

// Its queue was full when the deadline was armed, and was never half empty since.
void Proxy::on_reader_deadline(Handle h) {
  const Client& client = clients_.get(h);
  const stream::StreamPort& port = ports_.get(client.port);
  Exchange& exchange = exchanges_.get(client.exchange);
  const std::uint64_t took = port.bytes_sent() - exchange.client_took;
  const auto least = static_cast<std::uint64_t>(snapshot_->client.progress.seconds() * config_.client_min_rate);
  if (took == 0 || took < least) {
    const Reason why = took == 0 ? Reason::client_timeout : Reason::client_too_slow;
    cancel(client.exchange, why);
    return abort_client(h, why);
  }
  if (port.tx_credit() > 0) return pump(client.exchange);
  exchange.client_took = port.bytes_sent();
  arm_client(h, now_ + snapshot_->client.progress);
}

// What came pays for more time: so that a slow line may send a large body, and a byte now and then holds nothing long.
Instant Proxy::body_deadline(const Request& request) const {
  const Duration pause = snapshot_->client.body;
  if (config_.body_min_rate == 0) return now_ + pause;
  const Duration paid{seconds(request.body_bytes).ns / config_.body_min_rate};
  return earlier(now_ + pause, request.head_read + pause + paid);
}

void Proxy::forget_client(Handle h) {
  Client& client = clients_.get(h);
  WP_ASSERT(!client.exchange.valid());
  sources_.remove(ports_.get(client.port).remote());
  if (client.request.valid()) intake_.release(client.request);
  client_deadlines_.disarm(h.index);
  waits_.leave(h.index);
  clients_.destroy(h);
  counters_.clients.sub();
}

void Proxy::close_client(Handle h, Reason why) {
  if (clients_.get(h).request.valid()) log_unserved(h, why, 0);
  note_client(FlightKind::closed, h, why);
  ports_.get(clients_.get(h).port).close();
  counters_.reasons.count(why);
  forget_client(h);
}

void Proxy::abort_client(Handle h, Reason why) {
  if (clients_.get(h).request.valid()) log_unserved(h, why, 0);
  note_client(FlightKind::closed, h, why);
  ports_.get(clients_.get(h).port).abort(why);
  counters_.reasons.count(why);
  forget_client(h);
}

}  // namespace wp::proxy
