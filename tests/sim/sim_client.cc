#include "tests/sim/sim_client.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/sim/sim_replica.h"

namespace wp::sim {

SimClient::SimClient(SimNet& net, const Shape& shape, std::uint32_t number, std::uint64_t seed)
    : net_(net),
      shape_(shape),
      rng_(seed),
      next_number_((std::uint64_t{number} + 1) << 20U),
      to_send_(shape.requests_per_client),
      session_(rng_.chance(0.5)),
      http10_(rng_.chance(shape.http10)) {
  address_.family = Endpoint::Family::v4;
  address_.address = {192, 0, 2, static_cast<std::uint8_t>(number)};
  address_.port = static_cast<std::uint16_t>(40'000 + number);
}

void SimClient::send_more(std::uint32_t requests) {
  to_send_ += requests;
  may_leave_ = false;
}

void SimClient::connect() {
  conn_ = net_.connect(address_);
  unread_.clear();
  half_closed_ = false;
}

std::string SimClient::request_for(const Asked& asked) {
  const std::string version = http10_ ? " HTTP/1.0\r\n" : " HTTP/1.1\r\nHost: w\r\n";
  if (asked.head) return std::string(kHeadRequest) + std::to_string(asked.number) + version + "\r\n";
  const std::uint32_t prompt = 1 + rng_.below(shape_.max_prompt);
  const std::string body =
      "{\"model\":\"m\",\"user_number\":" + std::to_string(asked.number) +
      ",\"prompt_size\":" + std::to_string(prompt) + ",\"reply_size\":" + std::to_string(asked.reply_size) +
      R"(,"messages":[{"role":"user","content":")" + expected_body(asked.number * 7, prompt) + "\"}]}";
  std::string request = "POST /v1/chat/completions" + version;
  if (session_) request += "X-Session-ID: " + to_string(address_) + "\r\n";
  if (!http10_ && rng_.chance(0.3)) {
    request += "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t n = std::min<std::size_t>(body.size() - at, 1 + rng_.below(9000));
      char line[32];
      std::snprintf(line, sizeof line, "%zX\r\n", n);
      request += line + body.substr(at, n) + "\r\n";
      at += n;
    }
    request += "0\r\n\r\n";
  } else {
    request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  return request;
}

void SimClient::send_one() {
  const Asked asked{next_number_++, 1 + rng_.below(shape_.max_reply), rng_.chance(shape_.head_requests)};
  conn_->send(request_for(asked));
  outstanding_.push_back(asked);
  --to_send_;
  ++tally_.sent;
}

void SimClient::step() {
  if (done()) return;
  if (conn_ && outstanding_.empty() && conn_->over()) connection_over();  // closed while it was kept for this
  if (!conn_) connect();
  if (!conn_) return;  // the shard has no port for us now
  conn_->set_window(shape_.slow_readers ? 200 + rng_.below(400) : UINT32_MAX);
  const std::uint32_t pipeline = http10_ ? 1 : shape_.max_pipeline;
  while (to_send_ > 0 && !half_closed_ && outstanding_.size() < pipeline) send_one();
  if (may_leave_ && !half_closed_ && !outstanding_.empty() && rng_.chance(shape_.half_close * 0.05)) {
    conn_->finish();
    half_closed_ = true;
  }
  read();
  if (conn_ && may_leave_ && !outstanding_.empty() && rng_.chance(shape_.leave_early * 0.05)) {
    rng_.chance(0.5) ? conn_->reset() : conn_->finish();
    tally_.left += static_cast<std::uint32_t>(outstanding_.size());
    note(outstanding_.size());
    outstanding_.clear();
    let_go();
  }
}

void SimClient::read() {
  unread_ += std::exchange(conn_->inbox(), {});
  while (!outstanding_.empty()) {
    int status = 0;
    std::string body;
    bool closes = false;
    const Parsed parsed = parse(status, body, closes);
    if (parsed == Parsed::bad) {
      violations_.push_back("a reply that is no reply: " + unread_.substr(0, 80));
      return connection_over();
    }
    if (parsed == Parsed::need_more) break;
    const Asked asked = outstanding_.front();
    outstanding_.pop_front();
    judge(asked, status, body);
    if (closes) return connection_over();
  }
  if (outstanding_.empty() && !unread_.empty()) violations_.push_back("bytes that nobody asked for: " + unread_);
  if (conn_->over()) connection_over();
}

// What was asked on the old connection and not answered is cut; the rest goes out on a new one.
void SimClient::connection_over() {
  tally_.cut += static_cast<std::uint32_t>(outstanding_.size());
  note(outstanding_.size() + 1000);
  outstanding_.clear();
  if (!conn_->over()) conn_->finish();
  let_go();
}

void SimClient::hang_up() {
  if (!conn_) return;
  conn_->finish();
  let_go();
}

// A process that closed its socket: the network takes what still comes.
void SimClient::let_go() {
  conn_->set_window(UINT32_MAX);
  conn_.reset();
}

void SimClient::judge(const Asked& asked, int status, const std::string& body) {
  note(asked.number);
  note(static_cast<std::uint64_t>(status));
  if (status == 200) {
    ++tally_.whole;
    if (body != (asked.head ? std::string() : expected_body(asked.number, asked.reply_size))) {
      violations_.push_back("request " + std::to_string(asked.number) + " got another body: " + body.substr(0, 60));
    }
    return;
  }
  ++tally_.errors;
  if (asked.head ? body.empty() : body.starts_with("{\"error\":{\"message\":\"")) return;
  violations_.push_back("an error without its shape: " + body);
}

bool SimClient::parse_chunked(std::size_t at, std::string& body, std::size_t& end, bool& bad) const {
  for (;;) {
    const std::size_t line = unread_.find("\r\n", at);
    if (line == std::string::npos) return false;
    char* stop = nullptr;
    const std::size_t size = std::strtoull(unread_.c_str() + at, &stop, 16);
    if (stop != unread_.c_str() + line) return bad = true, false;
    if (unread_.size() < line + 2 + size + 2) return false;
    if (unread_.compare(line + 2 + size, 2, "\r\n") != 0) return bad = true, false;
    body.append(unread_, line + 2, size);
    at = line + 2 + size + 2;
    if (size == 0) {
      end = at;
      return true;
    }
  }
}

SimClient::Parsed SimClient::parse(int& status, std::string& body, bool& closes) {
  const std::size_t blank = unread_.find("\r\n\r\n");
  if (blank == std::string::npos) return Parsed::need_more;
  const std::string head = unread_.substr(0, blank + 4);
  if (!head.starts_with("HTTP/1.1 ")) return Parsed::bad;
  std::from_chars(head.data() + 9, head.data() + head.size(), status);
  closes = head.find("\r\nConnection: close\r\n") != std::string::npos;
  std::size_t end = blank + 4;
  if (outstanding_.front().head) {
    unread_.erase(0, end);
    return Parsed::whole;
  }
  if (head.find("\r\nTransfer-Encoding: chunked\r\n") != std::string::npos) {
    bool bad = false;
    if (!parse_chunked(end, body, end, bad)) return bad ? Parsed::bad : Parsed::need_more;
  } else if (const std::size_t at = head.find("\r\nContent-Length: "); at != std::string::npos) {
    const std::size_t length = std::strtoull(head.c_str() + at + 18, nullptr, 10);
    if (unread_.size() - end < length) return Parsed::need_more;
    body = unread_.substr(end, length);
    end += length;
  } else if (http10_) {
    // Ended by the close, and whole only when that was in order.
    if (!conn_->fin_received() || conn_->reset_received()) return Parsed::need_more;
    body = unread_.substr(end);
    end = unread_.size();
  } else {
    return Parsed::bad;  // an HTTP/1.1 client is never sent a body that only the close ends
  }
  unread_.erase(0, end);
  return Parsed::whole;
}

}  // namespace wp::sim
