#include "dataplane/proxy/relay.h"

#include <algorithm>
#include <array>

#include "dataplane/base/assert.h"
#include "dataplane/http/writer.h"
#include "dataplane/proxy/head_edit.h"

namespace wp::proxy {
namespace {

using Kind = RelayOutcome::Kind;

// Smaller pieces are copied: they share a slab, where a reference would pin a whole receive buffer for each.
constexpr std::uint32_t kReferenceFrom = 1024;
// Bytes of one reply handed on in one turn, so that a fast replica does not hold the loop.
constexpr std::uint32_t kTurnShare = 256 * 1024;
// Interim replies before the final one; more is a replica gone wrong.
constexpr std::uint8_t kMaxInterims = 16;
// What one step of relay_body may need at most: a copied receive buffer, chunk lines around it.
constexpr std::uint32_t kSlabReserve = 8;
constexpr std::uint32_t kNodeReserve = 16;

RelayOutcome outcome(Kind kind, bool progress) {
  return {kind, Reason::none, progress};
}
RelayOutcome failed(Reason reason) {
  return {Kind::failed, reason, true};
}

// Only a good reply of an API says what it took, and only where its bytes are not compressed.
ReplyUsage::Form usage_form(const Exchange& exchange, const http::ReplyHead& head, std::string_view media) {
  if (exchange.api == prompt::Api::none || head.status != 200 || head.has(http::Name::content_encoding)) {
    return ReplyUsage::Form::none;
  }
  if (exchange.event_stream) return ReplyUsage::Form::events;
  return media.starts_with("application/json") ? ReplyUsage::Form::plain : ReplyUsage::Form::none;
}

}  // namespace

Relay::Relay(const ProxyConfig& config, stream::PortTable& ports, ProxyCounters& counters)
    : config_(config),
      ports_(ports),
      counters_(counters),
      heads_(config.head_slabs, config.head.head_bytes),
      intakes_(config.head_slabs),
      scratch_(config.head.head_bytes + 4096) {}

bool Relay::starved() const {
  return ports_.slabs().free() < kSlabReserve || ports_.nodes().available() < kNodeReserve;
}

void Relay::release(Exchange& exchange) {
  if (!exchange.reply_head.valid()) return;
  intakes_.destroy(exchange.reply_head);
  exchange.reply_head = {};
}

RelayOutcome Relay::run(Instant now, Exchange& exchange, stream::StreamPort& upstream, stream::StreamPort& client,
                        const PickedNames& picked) {
  bool progress = false;
  if (!exchange.replying) {
    const RelayOutcome head = read_head(exchange, upstream, client, picked);
    if (!exchange.replying) return head;
    progress = true;
  }
  RelayOutcome body = relay_body(now, exchange, upstream, client);
  body.progress = body.progress || progress;
  return body;
}

RelayOutcome Relay::read_head(Exchange& exchange, stream::StreamPort& upstream, stream::StreamPort& client,
                              const PickedNames& picked) {
  bool progress = false;
  while (!upstream.rx().empty()) {
    if (starved()) return outcome(Kind::starved, progress);
    if (!exchange.reply_head.valid()) {
      exchange.reply_head = intakes_.make(config_.head, heads_.take());
      if (!exchange.reply_head.valid()) return failed(Reason::no_buffer);
      ReplyIntake& fresh = intakes_.get(exchange.reply_head);
      const std::span<std::byte> room = fresh.text.writable();
      fresh.reader.begin({reinterpret_cast<char*>(room.data()), room.size()}, exchange.method);
    }
    ReplyIntake& intake = intakes_.get(exchange.reply_head);
    std::uint32_t taken = 0;
    const auto fed = intake.reader.feed(upstream.rx().front().bytes(), taken);
    upstream.consume(taken);
    upstream.count_copied(taken);
    progress = true;
    if (!fed) {
      counters_.count(intake.reader.flaw());
      return failed(fed.error().reason);
    }
    if (*fed != http::Progress::complete) continue;
    const http::ReplyHead& head = intake.reader.head();
    if (head.interim()) {
      // We ask for no 100 and switch no protocols; other interim replies are hints that may be dropped.
      if (head.status == 101) return failed(Reason::replica_upgrade);
      if (++exchange.interims > kMaxInterims) return failed(Reason::replica_bad_head);
      release(exchange);
      continue;
    }
    const RelayOutcome sent = send_head(exchange, head, client, picked);
    release(exchange);
    return sent;
  }
  return outcome(Kind::need_more, progress);
}

RelayOutcome Relay::send_head(Exchange& exchange, const http::ReplyHead& head, stream::StreamPort& client,
                              const PickedNames& picked) {
  exchange.status = head.status;
  exchange.body.begin(head.framing, head.content_length, Fault::replica);
  exchange.upstream_reusable = head.keep_alive && head.framing != http::Framing::until_close;
  const http::Field* type = head.find(http::Name::content_type);
  const std::string_view media = type == nullptr ? std::string_view() : head.value(*type);
  exchange.event_stream = media.starts_with("text/event-stream");
  exchange.usage.begin(exchange.api, usage_form(exchange, head, media));
  const bool shortened = exchange.usage_asked && exchange.event_stream && exchange.usage.reads();
  if (shortened) exchange.cut.begin();
  exchange.framing = head.framing;
  if (head.framing == http::Framing::chunked || head.framing == http::Framing::until_close ||
      (shortened && head.framing == http::Framing::length)) {
    exchange.framing = exchange.http10 ? http::Framing::until_close : http::Framing::chunked;
    if (exchange.http10) exchange.keep_alive = false;
  }
  ReplyEdit edit;
  edit.framing = exchange.framing;
  edit.content_length = head.content_length;
  edit.keep_alive = exchange.keep_alive;
  edit.http10 = exchange.http10;
  edit.head_request = exchange.method == http::Method::head;
  if (config_.decision_headers) {
    edit.decision = word(exchange.decision);
    edit.replica = picked.replica;
    edit.pool = picked.pool;
  }
  http::Writer out(scratch_);
  write_client_reply(out, head, edit);
  if (out.overflowed()) return failed(Reason::replica_bad_head);
  if (!client.append(out.written())) return failed(Reason::no_buffer);
  exchange.replying = true;
  exchange.record.phase = RequestPhase::reply;
  return outcome(Kind::need_more, true);
}

void Relay::first_byte(Instant now, Exchange& exchange) {
  if (exchange.first_byte_seen) return;
  exchange.first_byte_seen = true;
  const std::uint32_t charged = exchange.charge.prefill();
  // An error takes no prefill: nothing is to be learned from how fast it comes.
  const double seconds = exchange.status == 200 ? exchange.charge.first_byte(now) : 0;
  // What is no stream begins when all of it is made.
  if (exchange.event_stream) exchange.prefill = {charged, exchange.expected_cached, exchange.expected_age, seconds};
  exchange.charge.release_prefill();
  const Duration waited = now - exchange.received;
  exchange.record.first_byte = waited;
  exchange.piece = now;
  auto& waits = exchange.event_stream ? counters_.first_byte_stream : counters_.first_byte_other;
  waits.of(exchange.decision).record(waited);
}

// Pieces that arrive in one turn go on together: there is no gap between them.
void Relay::next_piece(Instant now, Exchange& exchange) {
  first_byte(now, exchange);
  if (exchange.piece == now) return;
  const Duration gap = now - exchange.piece;
  exchange.piece = now;
  exchange.record.longest_gap = std::max(exchange.record.longest_gap, gap);
  if (exchange.event_stream) counters_.piece_gap.record(gap);
}

void Relay::hand_on(Exchange& exchange, const stream::Slice& source, stream::Bytes payload,
                    stream::StreamPort& client) {
  const auto size = static_cast<std::uint32_t>(payload.size());
  if (size == 0) return;
  exchange.record.reply_bytes += size;
  if (exchange.framing == http::Framing::chunked) {
    std::array<std::byte, 24> line;
    http::Writer out(line);
    http::write_chunk_start(out, size);
    const bool queued = client.append(out.written());
    WP_ASSERT(queued);  // starved() left room
  }
  if (size >= kReferenceFrom && !source.pool()->below_low_mark()) {
    const bool queued = client.push(source.share(static_cast<std::uint32_t>(payload.data() - source.data()), size));
    WP_ASSERT(queued);
    counters_.bytes_by_reference.add(size);
  } else {
    const bool queued = client.append(payload);
    WP_ASSERT(queued);
    counters_.bytes_copied.add(size);
  }
  if (exchange.framing == http::Framing::chunked) {
    const bool queued = client.append(stream::as_bytes(http::kChunkEnd));
    WP_ASSERT(queued);
  }
}

// Read first: what goes on depends on it.
void Relay::hand_on_cut(Exchange& exchange, const stream::Slice& source, stream::Bytes payload,
                        stream::StreamPort& client) {
  const UsageCut::Plan plan = exchange.cut.take(payload, exchange.events, exchange.usage);
  counters_.stream_events.add(plan.events);
  if (plan.release) hand_on(exchange, exchange.cut.held(), exchange.cut.held().bytes(), client);
  if (plan.release || plan.drop) exchange.cut.let_go();
  hand_on(exchange, source, payload.first(plan.drop_from), client);
  hand_on(exchange, source, payload.subspan(plan.drop_to, plan.hold_from - plan.drop_to), client);
  if (plan.hold_from < payload.size()) exchange.cut.hold(payload.subspan(plan.hold_from), ports_.slabs());
}

// Behind the handing on: reading delays nothing.
void Relay::read_payload(Exchange& exchange, stream::Bytes payload) {
  if (!exchange.event_stream) return exchange.usage.take(stream::as_text(payload));
  while (!payload.empty()) {
    const http::SseScanner::Step step = exchange.events.step(payload);
    exchange.usage.take(step);
    payload = payload.subspan(step.taken);
    if (step.event) counters_.stream_events.add();
  }
}

RelayOutcome Relay::relay_body(Instant now, Exchange& exchange, stream::StreamPort& upstream,
                               stream::StreamPort& client) {
  bool progress = false;
  std::uint32_t share = 0;
  for (;;) {
    if (exchange.body.done()) return finish(now, exchange, upstream, client);
    if (upstream.rx().empty()) return outcome(Kind::need_more, progress);
    if (client.tx_credit() == 0) return outcome(Kind::blocked, progress);
    if (starved()) return outcome(Kind::starved, progress);
    if (share >= kTurnShare) return outcome(Kind::again, progress);
    const stream::Slice& front = upstream.rx().front();
    const auto step = exchange.body.feed(front.bytes());
    if (!step) {
      counters_.count(exchange.body.flaw());
      return failed(step.error().reason);
    }
    if (!step->payload.empty()) {
      next_piece(now, exchange);
      if (exchange.cut.active()) {
        hand_on_cut(exchange, front, step->payload, client);
      } else {
        hand_on(exchange, front, step->payload, client);
        read_payload(exchange, step->payload);
      }
    }
    upstream.consume(step->taken);
    share += step->taken;
    progress = true;
    WP_ASSERT(step->taken > 0 || step->done);
  }
}

RelayOutcome Relay::upstream_ended(Instant now, Exchange& exchange, stream::StreamPort& upstream,
                                   stream::StreamPort& client) {
  const Reason broken = upstream.failed() ? Reason::replica_reset : Reason::replica_closed;
  if (!exchange.replying) return failed(broken);
  // A reset never ends a body properly, whatever its framing.
  if (upstream.failed() || !exchange.body.closed()) return failed(broken);
  return finish(now, exchange, upstream, client);
}

RelayOutcome Relay::finish(Instant now, Exchange& exchange, stream::StreamPort& upstream, stream::StreamPort& client) {
  // Asked here, on every way to the end: a body that was found to be over while the shard had no buffer comes back.
  const bool writes = exchange.framing == http::Framing::chunked || !exchange.cut.held().empty();
  if (writes && starved()) return outcome(Kind::starved, false);
  first_byte(now, exchange);
  // The stream ends within an event: it goes on as it came.
  hand_on(exchange, exchange.cut.held(), exchange.cut.held().bytes(), client);
  exchange.cut.let_go();
  if (exchange.framing == http::Framing::chunked) {
    const bool queued = client.append(stream::as_bytes(http::kLastChunk));
    WP_ASSERT(queued);
  }
  // A request still on its way: the connection is in no known state (RFC 9112 section 9.2).
  if (upstream.tx_bytes() > 0) exchange.upstream_reusable = false;
  // Bytes behind the reply: where it ended may have been another place, so neither side's connection serves again.
  if (!upstream.rx().empty()) {
    exchange.unasked_bytes = true;
    exchange.keep_alive = false;
  }
  return outcome(Kind::complete, true);
}

}  // namespace wp::proxy
