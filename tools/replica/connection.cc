#include "tools/replica/connection.h"

#include <algorithm>

#include "tools/replica/pages.h"
#include "tools/replica/personality.h"

namespace wp::replica {
namespace {

constexpr std::uint64_t kLie = 7;  // bytes that a lying chunk has less than it says
constexpr Duration kSlowDrainTurn = millis(10);

}  // namespace

Connection::Connection(stream::StreamPort& port, Replica& replica, const ConnectionLimits& limits, Instant now)
    : port_(port),
      replica_(replica),
      limits_(limits),
      head_room_(limits.head.head_bytes),
      head_reader_(limits.head),
      read_after_(now + replica.faults().befall_connection()),
      last_activity_(now) {
  head_reader_.begin(head_room_);
}

// --- life

Duration Connection::idle_close() const {
  const Duration by_fault = replica_.faults().idle_close();
  return by_fault.ns > 0 ? by_fault : limits_.idle_close;
}

Instant Connection::deadline() const {
  if (wake_ != kNever) return wake_;
  if (idle_close().ns == 0 || state_ == State::answering || !out_.empty()) return kNever;
  return last_activity_ + idle_close();
}

Life Connection::on_deadline(Instant now) {
  if (wake_ != kNever) return run(now);
  port_.close();
  return Life::ended;
}

bool Connection::client_gone() const {
  if (port_.failed()) return true;
  return port_.peer_closed() && exchange_ && !exchange_->finished;
}

void Connection::cancel(Instant now) {
  if (exchange_ && !exchange_->finished && replica_.cancel(exchange_->engine_id, now)) log(Happened::cancelled, now);
}

Life Connection::give_up(Instant now) {
  cancel(now);
  port_.abort(port_.failed() ? port_.failure() : Reason::client_closed);
  return Life::ended;
}

Life Connection::on_port(Instant now) {
  last_activity_ = now;
  return run(now);
}

Life Connection::on_engine(const Event& event, Instant now) {
  if (!exchange_ || exchange_->engine_id != event.id) return Life::open;
  Exchange& exchange = *exchange_;
  exchange.answer.cached_tokens = event.cached_tokens;
  if (event.kind == EventKind::done) {
    exchange.finished = true;
    replica_.finished(exchange.answer);
    log(Happened::done, now);
  } else {
    if (event.kind == EventKind::first_token) log(Happened::first_token, now);
    exchange.produced = event.index + 1;
  }
  last_activity_ = now;
  return run(now);
}

Life Connection::run(Instant now) {
  wake_ = kNever;
  if (now < read_after_ && !port_.failed()) {
    wake_ = read_after_;
    return Life::open;
  }
  for (;;) {
    if (client_gone()) return give_up(now);
    if (!drain(now)) return Life::open;
    if (broken_off()) {
      if (exchange_->ailments.stall_at == exchange_->ailments.end_at()) return Life::open;
      if (exchange_->ailments.reset_at == exchange_->ailments.end_at()) {
        if (port_.tx_bytes() == 0) return give_up(now);
        port_.notify_drained();  // a reset takes with it what was not sent
        return Life::open;
      }
      closing_ = true;
      cancel(now);
      next_request();
    }
    if (state_ == State::answering) {
      if (!write_more(now)) return Life::open;
      continue;
    }
    if (closing_ || (port_.rx().empty() && port_.peer_closed())) {
      port_.close();
      return Life::ended;
    }
    if (port_.rx().empty()) return Life::open;
    read(now);
  }
}

// False while bytes are left that wait for room.
bool Connection::drain(Instant now) {
  starved_ = false;
  while (out_at_ < out_.size()) {
    const std::size_t allowed = drain_allowance(now);
    if (allowed == 0) {
      wake_ = now + kSlowDrainTurn;
      return false;
    }
    const std::size_t part = std::min({out_.size() - out_at_, static_cast<std::size_t>(port_.tx_credit()), allowed});
    if (part == 0) {
      port_.notify_writable();
      return false;
    }
    if (!port_.append(stream::as_bytes(std::string_view(out_).substr(out_at_, part)))) {
      starved_ = true;
      return false;
    }
    out_at_ += part;
    drained_ += part;
  }
  out_.clear();
  out_at_ = 0;
  return true;
}

// How many bytes of a reply that is to go out slowly may leave now.
std::size_t Connection::drain_allowance(Instant now) {
  if (drain_rate_ == 0) return SIZE_MAX;
  if (draining_since_.ns == 0) draining_since_ = now;
  const auto due = static_cast<std::uint64_t>((now - draining_since_).seconds() * drain_rate_);
  return due > drained_ ? due - drained_ : 0;
}

void Connection::log(Happened what, Instant now) {
  replica_.log().add(now, what, api_->name(), exchange_ ? exchange_->answer.id : std::string(),
                     head_reader_.head().value_of("x-request-id"));
}

// --- reading

void Connection::read(Instant now) {
  const stream::Bytes input = port_.rx().front().bytes();
  if (state_ == State::reading_body) return take_body(input, now);
  std::uint32_t taken = 0;
  const auto progress = head_reader_.feed(input, taken);
  port_.consume(taken);
  if (!progress) return refuse(progress.error());
  if (*progress == http::Progress::complete) head_complete(now);
}

void Connection::head_complete(Instant now) {
  const http::RequestHead& head = head_reader_.head();
  api_ = find_api(head.path());
  if (head.framing == http::Framing::length && head.content_length > limits_.max_body) {
    return refuse(Error{Reason::body_too_large, 0});
  }
  body_reader_.begin(head.framing, head.content_length, Fault::client);
  state_ = State::reading_body;
  if (head.framing == http::Framing::none || body_reader_.done()) return request_complete(now);
  if (head.expects_continue) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

void Connection::take_body(stream::Bytes input, Instant now) {
  const auto step = body_reader_.feed(input);
  if (!step) return refuse(step.error());
  if (body_.size() + step->payload.size() > limits_.max_body) return refuse(Error{Reason::body_too_large, 0});
  body_ += stream::as_text(step->payload);
  port_.consume(step->taken);
  if (step->done) request_complete(now);
}

// A request that cannot be read, or read on: whatever follows it cannot be told from it.
void Connection::refuse(const Error& error) {
  closing_ = true;
  respond_error({error.status(), std::string(info(error.reason).text), ""});
}

bool Connection::authorised() const {
  const std::string& key = replica_.config().api_key;
  const http::RequestHead& head = head_reader_.head();
  return key.empty() || head.value_of("authorization") == "Bearer " + key || head.value_of("x-api-key") == key;
}

void Connection::request_complete(Instant now) {
  const http::RequestHead& head = head_reader_.head();
  ++requests_;
  closing_ = !head.keep_alive || (limits_.max_requests > 0 && requests_ >= limits_.max_requests);
  if (head.path().starts_with("/v1/") && !authorised()) return respond_error({401, "Unauthorized", ""});
  if (api_ != nullptr) {
    if (head.method == http::Method::post) return call_api(now);
    return respond_error({405, "Method Not Allowed", ""});
  }
  if (head.path() == "/debug/health" && head.method == http::Method::post) return set_health();
  if (head.path() == "/debug/faults" && head.method == http::Method::post) return set_faults();
  if (head.path() == "/reset_prefix_cache" && head.method == http::Method::post) return reset_cache();
  if (head.path() == "/health" && replica_.health() == HealthMode::hang) return next_request();
  const auto page = find_page(head.path(), replica_, now);
  if (!page) return respond_error({404, "Not Found", ""});
  if (head.method != http::Method::get && head.method != http::Method::head) {
    return respond_error({405, "Method Not Allowed", ""});
  }
  respond(page->status, page->content_type, page->body);
}

void Connection::set_health() {
  const auto mode = parse_health(body_);
  if (!mode) return respond_error({400, "ok, loading, fail, hang or absent is wanted", ""});
  replica_.set_health(*mode);
  respond(200, kJsonType, "{}");
}

void Connection::set_faults() {
  auto faults = parse_faults(body_);
  if (!faults) return respond_error({400, faults.error(), ""});
  replica_.faults().replace(std::move(*faults));
  respond(200, kJsonType, "{}");
}

// vLLM's page, but that one says 200 in either case.
void Connection::reset_cache() {
  if (!replica_.engine().reset_cache()) return respond_error({409, "Requests hold blocks of the cache.", ""});
  respond(200, kJsonType, "{}");
}

void Connection::refuse_on_purpose(std::uint16_t status) {
  if (status == 429 || status == 503) retry_after_ = 1;
  respond_error({status, "This is a fault that was asked for.", ""});
}

void Connection::call_api(Instant now) {
  const Ailments ailments = replica_.faults().befall_request();
  drain_rate_ = ailments.bytes_per_second;
  draining_since_ = {};
  drained_ = 0;
  if (ailments.status != 0) {
    log(Happened::refused, now);
    return refuse_on_purpose(ailments.status);
  }
  auto ask = api_->read(body_);
  if (!ask) return respond_error(ask.error());
  auto started = replica_.start(now, std::move(*ask), port_.id().pack());
  if (!started) {
    log(Happened::refused, now);
    return respond_error(started.error());
  }
  body_.clear();
  exchange_.emplace();
  exchange_->engine_id = started->id;
  exchange_->answer = std::move(started->answer);
  exchange_->ailments = ailments;
  state_ = State::answering;
  log(Happened::arrive, now);
}

// --- answering

bool Connection::write_more(Instant now) {
  Exchange& exchange = *exchange_;
  const bool stream = exchange.answer.ask.stream;
  const std::uint32_t ready = std::min(exchange.produced, exchange.ailments.end_at());
  if (stream ? exchange.written == ready && !exchange.finished : !exchange.finished) return false;
  if (exchange.not_before.ns == 0) exchange.not_before = now + exchange.ailments.late;
  if (now < exchange.not_before) {
    wake_ = exchange.not_before;
    return false;
  }
  if (stream) {
    write_events(now);
  } else if (exchange.ailments.end_at() != UINT32_MAX) {
    write_half();
  } else {
    respond(200, kJsonType, api_->whole(exchange.answer));
  }
  return true;
}

// The reply has come to where a fault ends it; before its first token there is not even a head.
bool Connection::broken_off() const {
  if (!exchange_ || exchange_->written != exchange_->ailments.end_at()) return false;
  return exchange_->head_written || exchange_->produced > 0;
}

// Of a reply that is to break off in its middle.
void Connection::write_half() {
  const std::string body = api_->whole(exchange_->answer);
  write_head(200, kJsonType, http::Framing::length, body.size());
  out_ += std::string_view(body).substr(0, body.size() / 2);
  exchange_->head_written = true;
  exchange_->written = exchange_->ailments.end_at();
}

// One chunk with the events of all tokens that wait, a few thousand bytes at most: a slow client's tokens stay numbers
// until there is room for their events.
void Connection::write_events(Instant now) {
  constexpr std::size_t kEnough = 8192;
  Exchange& exchange = *exchange_;
  Answer& answer = exchange.answer;
  const bool chunked = head_reader_.head().minor_version > 0;
  std::string events;
  if (limits_.stamps) events = ": " + std::to_string(now.ns) + "\n";
  if (!exchange.head_written) {
    closing_ |= !chunked;
    write_head(200, "text/event-stream; charset=utf-8", chunked ? http::Framing::chunked : http::Framing::until_close,
               0);
    api_->stream_begin(answer, events);
    exchange.head_written = true;
  }
  const std::uint32_t before = exchange.written;
  const std::uint32_t ready = std::min(exchange.produced, exchange.ailments.end_at());
  while (exchange.written < ready && events.size() < kEnough) {
    api_->stream_token(answer, exchange.written++, events);
  }
  const bool last = exchange.finished && exchange.written == exchange.produced && !broken_off();
  if (last) api_->stream_end(answer, events);
  std::byte room[20];
  http::Writer line(room);
  const std::uint32_t lie_at = exchange.ailments.lie_at.value_or(UINT32_MAX);
  const bool lies = before <= lie_at && lie_at < exchange.written;
  if (chunked) http::write_chunk_start(line, events.size() + (lies ? kLie : 0));
  out_ += stream::as_text(line.written());
  out_ += events;
  if (chunked) out_ += http::kChunkEnd;
  if (!last) return;
  if (chunked) out_ += http::kLastChunk;
  next_request();
}

// The replica's own fields are for tests: they tell the truth, whatever `usage` may say.
void Connection::write_head(std::uint16_t status, std::string_view type, http::Framing framing, std::uint64_t length) {
  std::byte room[1024];
  http::Writer head(room);
  http::write_status_line(head, status, "");
  head.field("content-type", type);
  if (framing == http::Framing::chunked || framing == http::Framing::until_close) {
    head.field("cache-control", "no-cache");
  }
  if (status == 405) head.field("allow", api_ != nullptr ? "POST" : "GET, HEAD");
  http::write_framing(head, framing, length);
  if (closing_) head.field("connection", "close");
  if (retry_after_ > 0) head.field("retry-after", std::uint64_t{retry_after_});
  retry_after_ = 0;
  if (const std::string report = asked_load_report(); !report.empty()) head.field("endpoint-load-metrics", report);
  head.field("x-replica-name", replica_.config().name);
  head.field("x-replica-prompt-tokens", exchange_ ? exchange_->answer.prompt_tokens : 0U);
  head.field("x-replica-cached-tokens", exchange_ ? exchange_->answer.cached_tokens : 0U);
  http::write_end_of_head(head);
  WP_ASSERT(!head.overflowed());
  out_ += stream::as_text(head.written());
}

// vLLM reports its load with replies of these two APIs, when asked to and when they are not streamed.
std::string Connection::asked_load_report() const {
  const bool reports = replica_.config().personality == Personality::vllm && exchange_ &&
                       !exchange_->answer.ask.stream &&
                       (api_->name() == "chat_completions" || api_->name() == "completions");
  if (!reports) return {};
  return load_report(head_reader_.head().value_of("endpoint-load-metrics-format"), replica_);
}

void Connection::respond(std::uint16_t status, std::string_view type, std::string_view body) {
  write_head(status, type, http::Framing::length, body.size());
  if (head_reader_.head().method != http::Method::head) out_ += body;
  next_request();
}

void Connection::respond_error(const ApiError& error) {
  respond(error.status, kJsonType, api_ != nullptr ? api_->error(error) : openai_error(error));
}

void Connection::next_request() {
  exchange_.reset();
  api_ = nullptr;
  body_.clear();
  if (body_.capacity() > 1024 * 1024) body_.shrink_to_fit();
  state_ = State::reading_head;
  head_reader_.begin(head_room_);
}

}  // namespace wp::replica
