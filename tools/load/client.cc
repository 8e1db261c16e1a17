#include "tools/load/client.h"

#include <algorithm>
#include <charconv>

#include "dataplane/base/assert.h"

namespace wp::load {
namespace {

std::uint32_t number_of(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Client::Client(stream::StreamPort& port, const ClientConfig& config, Tally& tally)
    : port_(port), config_(config), tally_(tally), head_room_(config.head.head_bytes), head_reader_(config.head) {}

// --- sending

void Client::send(Request&& request, Instant intended, Instant now, bool sampled) {
  WP_ASSERT(!flight_);
  flight_.emplace();
  flight_->request = std::move(request);
  flight_->intended = intended;
  flight_->sampled = sampled;
  head_ = "POST ";
  head_ += flight_->request.path;
  head_ += " HTTP/1.1\r\nhost: " + config_.authority + "\r\ncontent-type: application/json\r\ncontent-length: ";
  head_ += std::to_string(flight_->request.body->size()) + "\r\n";
  if (!flight_->request.session.empty()) head_ += "x-session-id: " + flight_->request.session + "\r\n";
  if (!config_.keep_alive) head_ += "connection: close\r\n";
  head_ += config_.head_fields + "\r\n";
  head_at_ = body_at_ = 0;
  head_reader_.begin(head_room_, http::Method::post);
  ++tally_.sent;
  tally_.bytes_sent += flight_->request.body->size();
  if (sampled) tally_.late.add(now - intended);
  drain();
}

// Queues what there is room for. False while bytes are left.
bool Client::queue(std::string_view bytes, std::size_t& at) {
  while (at < bytes.size()) {
    const std::size_t part = std::min<std::size_t>(bytes.size() - at, port_.tx_credit());
    if (part == 0) {
      port_.notify_writable();
      return false;
    }
    if (!port_.append(stream::as_bytes(bytes.substr(at, part)))) {
      starved_ = true;
      return false;
    }
    at += part;
  }
  return true;
}

void Client::drain() {
  starved_ = false;
  if (queue(head_, head_at_)) static_cast<void>(queue(*flight_->request.body, body_at_));
}

// --- reading

ClientState Client::on_port(Instant now) {
  if (flight_ && !port_.failed()) drain();
  while (!port_.rx().empty()) {
    if (!flight_) return end(Outcome::bad_reply, "bytes that answer no request");
    const ClientState state = read(now);
    if (state != ClientState::busy) return state;
  }
  if (port_.failed() || port_.peer_closed()) {
    if (flight_ && flight_->head_read && !port_.failed() && body_reader_.closed()) return reply_complete(now);
    return broken();
  }
  return flight_ ? ClientState::busy : ClientState::idle;
}

ClientState Client::broken() {
  if (!flight_ && !port_.failed()) {
    port_.close();
    return ClientState::ended;
  }
  const std::string_view why = port_.failed() ? word(port_.failure()) : "the peer closed";
  if (!port_.is_open()) return end(Outcome::connect_failed, why);
  return end(flight_->byte_seen ? Outcome::cut : Outcome::closed, why);
}

ClientState Client::end(Outcome outcome, std::string_view why) {
  give_up(outcome, why);
  return ClientState::ended;
}

void Client::give_up(Outcome outcome, std::string_view why) {
  if (flight_ || outcome == Outcome::bad_reply) tally_.count(outcome, why);
  flight_.reset();
  port_.abort(port_.failed() ? port_.failure() : Reason::finished);
}

ClientState Client::read(Instant now) {
  const stream::Bytes input = port_.rx().front().bytes();
  tally_.bytes_received += input.size();
  if (!flight_->head_read) {
    if (!flight_->byte_seen && flight_->sampled) tally_.first_byte.add(now - flight_->intended);
    flight_->byte_seen = true;
    std::uint32_t taken = 0;
    const auto progress = head_reader_.feed(input, taken);
    tally_.bytes_received -= input.size() - taken;
    port_.consume(taken);
    if (!progress) return end(Outcome::bad_reply, word(progress.error().reason));
    if (*progress == http::Progress::need_more) return ClientState::busy;
    if (head_reader_.head().interim()) {
      head_reader_.begin(head_room_, http::Method::post);
      return ClientState::busy;
    }
    head_complete();
    return body_reader_.done() ? reply_complete(now) : ClientState::busy;
  }
  const auto step = body_reader_.feed(input);
  if (!step) return end(Outcome::bad_reply, word(step.error().reason));
  if (!take_body(step->payload, now)) return end(Outcome::wrong_bytes, flight_->check->flaw());
  tally_.bytes_received -= input.size() - step->taken;
  port_.consume(step->taken);
  return step->done ? reply_complete(now) : ClientState::busy;
}

void Client::head_complete() {
  const http::ReplyHead& head = head_reader_.head();
  Flight& flight = *flight_;
  flight.head_read = true;
  flight.status = head.status;
  flight.replica = head.value_of("x-replica-name");
  const std::uint32_t cached = number_of(head.value_of("x-replica-cached-tokens"));
  if (!flight.replica.empty()) flight.prompt = {1, number_of(head.value_of("x-replica-prompt-tokens")), cached};
  if (head.status == 200) flight.check = make_check(flight.request.expected, flight.request.stream, cached);
  body_reader_.begin(head.framing, head.content_length, Fault::replica);
}

bool Client::take_body(stream::Bytes payload, Instant now) {
  Flight& flight = *flight_;
  if (flight.check == nullptr) return true;
  if (!config_.stamped || !flight.request.stream) {
    if (!flight.check->feed(stream::as_text(payload))) return false;
  } else {
    const auto check = [&flight](std::string_view piece) { return flight.check->feed(piece); };
    const auto written = [&](Instant at) {
      if (flight.sampled) tally_.delay.add(now - at);
    };
    if (!flight.stamps.feed(stream::as_text(payload), check, written)) return false;
  }
  note_tokens(now);
  return true;
}

// Tokens that come together have no gap between them: that is how a client sees them.
void Client::note_tokens(Instant now) {
  Flight& flight = *flight_;
  for (; flight.tokens < flight.check->tokens(); ++flight.tokens) {
    if (flight.sampled) {
      ++tally_.tokens;
      flight.tokens == 0 ? tally_.first_token.add(now - flight.intended) : tally_.gap.add(now - flight.last_token);
    }
    flight.last_token = now;
  }
}

ClientState Client::reply_complete(Instant now) {
  Flight& flight = *flight_;
  if (flight.status != 200) {
    ++tally_.statuses[flight.status];
    tally_.count(Outcome::status, std::to_string(flight.status));
  } else if (!flight.check->finish()) {
    return end(Outcome::wrong_bytes, flight.check->flaw());
  } else {
    tally_.count(Outcome::ok);
    if (flight.sampled) tally_.whole.add(now - flight.intended);
    const ReplyCheck::Told& told = flight.check->told();
    if (!flight.prompt && told.known) flight.prompt = {1, told.prompt_tokens, told.cached_tokens};
    if (flight.prompt) {
      for (ReplicaTally* to : {&tally_.all, &tally_.replicas[flight.replica]}) {
        ++to->requests;
        to->prompt_tokens += flight.prompt->prompt_tokens;
        to->cached_tokens += flight.prompt->cached_tokens;
      }
    }
  }
  const bool sent = body_at_ == flight.request.body->size();  // else the reply came before the request was out
  flight_.reset();
  if (config_.keep_alive && sent && head_reader_.head().keep_alive && !port_.peer_closed()) return ClientState::idle;
  port_.close();
  return ClientState::ended;
}

}  // namespace wp::load
