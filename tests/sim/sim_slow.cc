#include "tests/sim/sim_slow.h"

#include "tests/sim/sim_replica.h"

namespace wp::sim {
namespace {

constexpr std::uint32_t kSip = 64;  // bytes that a slow reader takes at a time
constexpr std::string_view kHead = "POST /v1/chat/completions HTTP/1.1\r\nHost: slow\r\n";

// As a SimClient's, with a reply that is more than a connection's credit.
std::string request(std::uint64_t number) {
  const std::string body = "{\"model\":\"m\",\"user_number\":" + std::to_string(number) +
                           R"(,"prompt_size":20,"reply_size":100000,"messages":[{"role":"user","content":")" +
                           expected_body(number * 7, 20) + "\"}]}";
  return std::string(kHead) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

SlowPeer::SlowPeer(SimNet& net, SlowMode mode, std::uint32_t number, std::uint64_t seed)
    : net_(net), mode_(mode), rng_(seed), next_number_((std::uint64_t{1} << 40U) + (std::uint64_t{number} << 20U)) {
  address_.family = Endpoint::Family::v4;
  const auto last = static_cast<std::uint8_t>(mode == SlowMode::crowd ? 200 : number);
  address_.address = {198, 51, 100, last};
  address_.port = static_cast<std::uint16_t>(30'000 + number);
}

void SlowPeer::step(Instant now) {
  if (conn_ && conn_->over()) return let_go(now);
  if (now < next_) return;
  next_ = now + millis(rng_.between(1, 300));
  if (conn_) return act();
  conn_ = net_.connect(address_);
  if (conn_) begin();
}

void SlowPeer::begin() {
  switch (mode_) {
    case SlowMode::silent:
    case SlowMode::crowd: break;
    case SlowMode::head: conn_->send(kHead); break;
    case SlowMode::body: {
      constexpr std::uint32_t kLengths[] = {100, 4000, 60'000, 400'000, 1'000'000};
      const bool chunked = rng_.chance(0.2);
      const std::string length = std::to_string(kLengths[rng_.below(5)]);
      conn_->send(std::string(kHead) +
                  (chunked ? "Transfer-Encoding: chunked\r\n\r\nFFF\r\n{" : "Content-Length: " + length + "\r\n\r\n{"));
      break;
    }
    case SlowMode::reader:
      conn_->set_window(kSip);
      conn_->send(request(next_number_++));
      break;
  }
}

void SlowPeer::act() {
  switch (mode_) {
    case SlowMode::silent:
    case SlowMode::crowd: break;
    case SlowMode::head: conn_->send("X-Slow: a\r\n"); break;
    case SlowMode::body: conn_->send(" "); break;
    case SlowMode::reader:
      // What is no reply of a replica is short, and nothing would come behind it.
      if (conn_->inbox().starts_with("HTTP/1.1 5")) conn_->set_window(UINT32_MAX);
      conn_->inbox().erase(0, kSip);
      break;
  }
}

void SlowPeer::let_go(Instant now) {
  leave();
  next_ = now + millis(rng_.between(0, 20));
}

void SlowPeer::leave() {
  if (!conn_) return;
  conn_->set_window(UINT32_MAX);
  conn_->finish();
  conn_.reset();
}

}  // namespace wp::sim
