#include "tests/sim/sim_replica.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace wp::sim {
namespace {

std::string chunk(const std::string& data) {
  char line[32];
  std::snprintf(line, sizeof line, "%zx\r\n", data.size());
  return line + data + "\r\n";
}

// The number behind `"name":` in our own requests' bodies.
std::uint64_t number_of(const std::string& body, const char* name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const std::size_t at = body.find(key);
  return at == std::string::npos ? 0 : std::strtoull(body.c_str() + at + key.size(), nullptr, 10);
}

}  // namespace

std::string expected_body(std::uint64_t number, std::uint32_t size) {
  std::string body = "<" + std::to_string(number) + ">";
  Rng rng(number);
  const std::size_t begin = body.size();
  body.resize(std::max<std::size_t>(size, 1));
  // Eight letters a draw, at once: half of a world's time would go by here else.
  constexpr std::uint64_t kLetters = 0x6161616161616161;  // "aaaaaaaa", to each of which 0 to 15 are added
  for (std::size_t at = begin; at < body.size(); at += 8) {
    const std::uint64_t letters = kLetters + (rng.next() & 0x0f0f0f0f0f0f0f0f);
    std::memcpy(body.data() + at, &letters, std::min<std::size_t>(8, body.size() - at));
  }
  return body;
}

SimReplica::SimReplica(SimNet& net, Endpoint address, const Shape& shape, Ledger& ledger, std::uint64_t seed)
    : net_(net), address_(address), shape_(shape), ledger_(ledger), rng_(seed) {
  net_.listen(address_);
}

void SimReplica::set_down(bool down) {
  down ? net_.stop_listening(address_) : net_.listen(address_);
}

void SimReplica::step() {
  for (auto& conn : net_.take_accepted(address_)) links_.push_back({.conn = std::move(conn)});
  for (Link& link : links_) {
    if (link.conn->reset_received()) link.dead = true;
    if (link.dead) continue;
    link.unread += std::exchange(link.conn->inbox(), {});
    if (link.reply.empty() && !link.fin_after && !link.reset_after && !link.mute) read(link);
    write(link);
    if (link.dead) continue;
    if (link.served && link.reply.empty() && fault(shape_.chatter * 0.02)) link.conn->send("noise\r\n\r\n");
    if (link.conn->fin_received() && link.reply.empty()) {
      link.conn->finish();
      link.dead = true;
    }
  }
  std::erase_if(links_, [](const Link& link) { return link.dead && !link.conn->sends_pending(); });
}

void SimReplica::read(Link& link) {
  const std::size_t end = link.unread.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::string head = link.unread.substr(0, end + 4);
  std::size_t length = 0;
  if (const std::size_t at = head.find("Content-Length: "); at != std::string::npos) {
    length = std::strtoull(head.c_str() + at + 16, nullptr, 10);
  }
  if (link.unread.size() < head.size() + length) return;
  const std::string body = link.unread.substr(head.size(), length);
  link.unread.erase(0, head.size() + length);
  if (!link.unread.empty()) ledger_.violations.push_back("bytes behind a request: pipelined towards a replica");
  const bool head_request = head.starts_with(kHeadRequest);
  const std::uint64_t number =
      head_request ? std::strtoull(head.c_str() + kHeadRequest.size(), nullptr, 10) : number_of(body, "user_number");
  if (number == 0) ledger_.violations.push_back("a request arrived that no client sent: " + head);
  const std::string text = "\"content\":\"" + expected_body(number * 7, number_of(body, "prompt_size")) + "\"";
  if (!head_request && body.find(text) == std::string::npos)
    ledger_.violations.push_back("a request's body was changed");
  if (ledger_.begun.contains(number)) {
    ledger_.violations.push_back("request " + std::to_string(number) + " was sent again after its reply had begun");
  }
  if (fault(shape_.close_before_reply)) {
    link.fin_after = true;
    return;
  }
  if (fault(shape_.silent)) {
    link.mute = true;
    return;
  }
  ledger_.begun.insert(number);
  link.served = true;
  answer(link, number, static_cast<std::uint32_t>(number_of(body, "reply_size")), head_request);
}

void SimReplica::answer(Link& link, std::uint64_t number, std::uint32_t size, bool head_request) {
  if (fault(shape_.garbage)) {
    link.reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde";
    link.fin_after = true;
    return;
  }
  const std::string body = head_request ? std::string() : expected_body(number, size);
  std::string reply = rng_.chance(0.1) ? "HTTP/1.1 103 Early Hints\r\n\r\n" : "";
  reply += "HTTP/1.1 200 OK\r\nServer: sim\r\n";
  bool fin = false;
  switch (rng_.below(4)) {
    case 0:
      // To HEAD: the length that GET would have had.
      reply += "Content-Length: " + std::to_string(head_request ? 1234 : body.size()) + "\r\n\r\n" + body;
      break;
    case 1:
      fin = true;
      reply += "\r\n" + body;
      break;
    default: {
      reply += "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
      for (std::size_t at = 0; at < body.size();) {
        const std::size_t n = std::min<std::size_t>(body.size() - at, 1 + rng_.below(3000));
        reply += chunk(body.substr(at, n));
        at += n;
      }
      if (head_request) break;
      reply += rng_.chance(0.2) ? "0\r\nX-Trailer: t\r\n\r\n" : "0\r\n\r\n";
    }
  }
  // A body ended by the close cannot be seen to be truncated, so that framing is never cut short in order.
  if (fault(shape_.reset_mid_reply)) {
    reply.resize(1 + rng_.below(static_cast<std::uint32_t>(reply.size() - 1)));
    link.reset_after = true;
  } else if (!fin && fault(shape_.truncate)) {
    reply.resize(1 + rng_.below(static_cast<std::uint32_t>(reply.size() - 1)));
    fin = true;
  } else if (fault(shape_.close_after_reply)) {
    fin = true;
  }
  link.reply = std::move(reply);
  link.fin_after = fin;
}

void SimReplica::write(Link& link) {
  if (!link.reply.empty()) {
    // A stream: some now, some later.
    const std::size_t n = std::min<std::size_t>(link.reply.size(), 1 + rng_.below(20'000));
    link.conn->send(std::string_view(link.reply).substr(0, n));
    link.reply.erase(0, n);
  }
  if (!link.reply.empty()) return;
  if (link.reset_after) link.conn->reset();
  if (link.fin_after) link.conn->finish();
  if (link.reset_after || link.fin_after) link.dead = true;
}

}  // namespace wp::sim
