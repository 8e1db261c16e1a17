#include "dataplane/proxy/dispatch.h"

#include <span>

#include "dataplane/balance/session_fate.h"
#include "dataplane/base/assert.h"
#include "dataplane/http/writer.h"
#include "dataplane/proxy/head_edit.h"

namespace wp::proxy {

Dispatcher::Dispatcher(const ProxyConfig& config, stream::PortTable& ports, UpstreamPool& upstreams,
                       balance::Accounts& accounts, balance::Residency& residency, ProxyCounters& counters,
                       std::uint64_t seed)
    : config_(config),
      ports_(ports),
      upstreams_(upstreams),
      accounts_(accounts),
      residency_(residency),
      counters_(counters),
      rng_(seed),
      turns_(accounts.max_pools()),
      scratch_(config.head.head_bytes + 4096) {
  for (std::uint32_t& turn : turns_) turn = static_cast<std::uint32_t>(rng_.next());
}

void Dispatcher::prefetch(const balance::Snapshot& snapshot, const Request& request) const {
  const balance::Pool* pool = snapshot.route(request.model());
  if (pool != nullptr) balance::prefetch(*pool, residency_, request.features);
}

Reason Dispatcher::dispatch(Instant now, const balance::Snapshot& snapshot, Exchange& exchange, Handle self,
                            Request& request, std::string_view client_address) {
  const balance::Pool* pool = snapshot.route(request.model());
  if (pool == nullptr) return Reason::unknown_model;
  prompt::Features& features = request.features;
  features.estimated_tokens = accounts_.tokens().estimate(pool->id, features.canonical_bytes);
  const balance::PickInput input{
      .snapshot = snapshot,
      .pool = *pool,
      .accounts = accounts_,
      .rng = rng_,
      .turn = turns_[pool->id],
      .now = now,
      .features = features,
      .residency = &residency_,
      .excluded = std::span(exchange.failed.data(), exchange.failures),
  };
  const std::uint64_t session = balance::session_key(*pool, features);
  accounts_.sessions().prefetch(session);
  // Without a prompt there is nothing warm to find.
  const balance::Pick pick =
      request.api == prompt::Api::none ? balance::pick(input, balance::Strategy::least_loaded) : balance::pick(input);
  if (pick.replica == nullptr) return Reason::no_replica;
  balance::note_session(accounts_.sessions(), session, input, pick);
  exchange.decision = pick.decision;
  exchange.endpoint = 0;
  exchange.timeouts = pool->timeouts;
  exchange.usage_asked = pool->ask_usage && !features.ask_usage.text.empty();
  exchange.canonical_bytes = features.canonical_bytes;
  exchange.last_rung = balance::last_rung(features);
  exchange.estimated_tokens = features.estimated_tokens;
  exchange.expected_cached = pick.cached;
  exchange.expected_age = pick.age;
  exchange.known_cached = pick.known;
  if (config_.access_records > 0) {
    if (request.api != prompt::Api::none) exchange.record.prompt_tokens = features.estimated_tokens;
    exchange.record.pool.assign(pool->name);
    exchange.record.replica.assign(pick.replica->name);
  }
  exchange.charge = accounts_.charge(pick.replica->ref, pool->id, balance::uncached_tokens(input, pick), now);
  balance::remember(input, pick);
  note_prompt(now, *pool, features, exchange);
  counters_.reasons.count(pick.decision);
  return send(now, *pick.replica, exchange, self, request, client_address, false);
}

void Dispatcher::note_prompt(Instant now, const balance::Pool& pool, const prompt::Features& features,
                             Exchange& exchange) {
  note_end(exchange, now);
  if (pool.strategy != balance::Strategy::kv || tap_ == nullptr || !tap_->wanted(now)) return;
  if (features.ladder.empty()) return;
  exchange.note = tap_->sent(exchange.charge.replica(), features.ladder, features.ends, features.canonical_bytes,
                             features.estimated_tokens, now);
}

void Dispatcher::note_first_byte(const Exchange& exchange, Instant now) {
  if (exchange.prefill.seconds > 0) residency_.learn(exchange.charge.replica().id, exchange.prefill);
  if (exchange.note != 0) tap_->first_byte(exchange.note, now);
}

void Dispatcher::note_end(Exchange& exchange, Instant now) {
  if (exchange.note == 0) return;
  const AccessRecord& record = exchange.record;
  tap_->ended(exchange.note, record.told_prompt_tokens, record.told_completion_tokens, record.told_cached_tokens, now);
  exchange.note = 0;
}

Reason Dispatcher::resend(Instant now, const balance::Snapshot& snapshot, Exchange& exchange, Handle self,
                          Request& request, std::string_view client_address) {
  const balance::Replica* replica = snapshot.find(exchange.charge.replica());
  if (replica == nullptr || replica->endpoints.empty()) return Reason::no_replica;
  return send(now, *replica, exchange, self, request, client_address, true);
}

Reason Dispatcher::send(Instant now, const balance::Replica& replica, Exchange& exchange, Handle self, Request& request,
                        std::string_view client_address, bool fresh) {
  exchange.upstream = fresh ? Handle{} : upstreams_.reuse(replica, self);
  exchange.on_reused = exchange.upstream.valid();
  if (!exchange.on_reused) {
    exchange.upstream = upstreams_.open(replica, exchange.endpoint, self, now, exchange.timeouts.connect);
  }
  if (!exchange.upstream.valid()) return Reason::no_connection_slot;

  http::Writer out(scratch_);
  const prompt::UsageSplice splice = exchange.usage_asked ? request.features.ask_usage : prompt::UsageSplice{};
  const RequestEdit edit{.authority = replica.authority,
                         .client_address = client_address,
                         .body_bytes = request.body_bytes + splice.text.size() - splice.place.length};
  write_upstream_request(out, request.head(), edit);
  stream::StreamPort& port = ports_.get(upstreams_.get(exchange.upstream).port);
  const bool fits = !out.overflowed();
  bool queued = fits && port.append(out.written());
  queued = queued && push_body(port, request, splice);
  if (!queued) {
    upstreams_.abort(exchange.upstream, Reason::no_buffer);
    exchange.upstream = {};
    return fits ? Reason::no_buffer : Reason::head_too_large;
  }
  exchange.sent = now;
  ++exchange.record.attempts;
  exchange.record.phase = exchange.on_reused ? RequestPhase::wait : RequestPhase::connect;
  counters_.prompt_tokens.of(exchange.decision).add(request.features.estimated_tokens);
  if (exchange.on_reused) upstreams_.arm(exchange.upstream, now + exchange.timeouts.first_byte);
  return Reason::none;
}

// The slab is shared, not given: it is kept for a retry until the reply begins.
bool Dispatcher::push_body(stream::StreamPort& port, const Request& request, const prompt::UsageSplice& splice) {
  if (request.body_bytes == 0) return true;
  if (splice.text.empty()) return port.push(request.body.share(0, request.body_bytes));
  const std::uint32_t behind = splice.place.offset + splice.place.length;
  return port.push(request.body.share(0, splice.place.offset)) && port.append(stream::as_bytes(splice.text)) &&
         port.push(request.body.share(behind, request.body_bytes - behind));
}

}  // namespace wp::proxy
