#include "tests/unit/replica/world.h"

namespace wp::replica {
namespace {

stream::StreamLimits small_limits() {
  stream::StreamLimits limits;
  limits.ports = 256;
  limits.nodes = 8192;
  limits.receive_entries = 1024;
  limits.slab_entries = 1024;
  return limits;
}

Endpoint loopback(std::uint16_t port) {
  Endpoint endpoint;
  endpoint.family = Endpoint::Family::v4;
  endpoint.address = {127, 0, 0, 1};
  endpoint.port = port;
  return endpoint;
}

}  // namespace

std::string Reply::field(const std::string& name) const {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t value = at + name.size() + 4;
  return head.substr(value, head.find("\r\n", value) - value);
}

ReplicaConfig World::config() {
  ReplicaConfig c;
  c.name = "test-0";
  c.models = {"tiny", "tiny-lora"};
  c.engine.prefill_rate = 1000;
  c.engine.decode_rate = 100;
  c.engine.overhead = millis(5);
  c.engine.block_tokens = 4;
  c.engine.kv_tokens = 4000;
  c.unix_offset = seconds(1'700'000'000);
  return c;
}

World::World(ReplicaConfig config, const ConnectionLimits& limits)
    : client_ports_(small_limits()), server_ports_(small_limits()), server_(server_ports_, limits) {
  add(std::move(config));
}

Replica& World::add(ReplicaConfig config) {
  replicas_.push_back(std::make_unique<Replica>(std::move(config)));
  server_.add(static_cast<std::uint16_t>(kPort + replicas_.size() - 1), *replicas_.back());
  return *replicas_.back();
}

std::size_t World::connect(std::uint16_t port) {
  const stream::PortId id = client_ports_.connect(loopback(port));
  const auto own = static_cast<std::uint16_t>(40000 + clients_.size());
  clients_.push_back(
      {std::make_unique<stream::StreamPair>(client_ports_, id, server_ports_, loopback(own)), {}, false});
  return clients_.size() - 1;
}

stream::StreamPort& World::port(std::size_t client) {
  return client_ports_.get(clients_[client].pair->a());
}

void World::send(std::size_t client, std::string_view text) {
  ASSERT_TRUE(port(client).append(stream::as_bytes(text)));
}

void World::reset(std::size_t client) {
  port(client).abort(Reason::client_reset);
}

bool World::closed(std::size_t client) {
  return port(client).peer_closed() || port(client).failed();
}

bool World::turn() {
  bool moved = false;
  for (Client& client : clients_) {
    moved |= client.pair->pump(piece_);
    stream::StreamPort* port = client_ports_.find(client.pair->a());
    while (port != nullptr && !client.stopped && !port->rx().empty()) {
      const stream::Slice slice = port->pop_rx();
      client.received += stream::as_text(slice.bytes());
    }
  }
  server_.step(now_);
  return moved;
}

void World::run_until(Instant end) {
  for (;;) {
    std::uint32_t idle = 0;
    while (idle < 2) idle = turn() ? 0 : idle + 1;
    const Instant next = earlier(server_.next_deadline(), end);
    if (now_ >= end) return;
    now_ = next > now_ ? next : now_;
  }
}

bool take_reply(std::string& text, Reply& reply) {
  std::vector<char> room(16 * 1024);
  http::ReplyHeadReader reader{http::HeadLimits{}};
  reader.begin(room, http::Method::post);
  std::uint32_t taken = 0;
  const auto head = reader.feed(stream::as_bytes(text), taken);
  EXPECT_TRUE(head) << word(head.error().reason) << " in:\n" << text;
  if (!head || *head == http::Progress::need_more) return false;
  http::BodyReader body;
  body.begin(reader.head().framing, reader.head().content_length, Fault::replica);
  std::string payload;
  std::size_t at = taken;
  while (!body.done() && at < text.size()) {
    const auto step = body.feed(stream::as_bytes(text).subspan(at));
    EXPECT_TRUE(step) << "broken framing in:\n" << text;
    if (!step) return false;
    payload += stream::as_text(step->payload);
    at += step->taken;
  }
  if (!body.done() && reader.head().framing != http::Framing::until_close) return false;
  reply.status = reader.head().status;
  reply.head = text.substr(0, taken);
  reply.body = std::move(payload);
  reply.keep_alive = reader.head().keep_alive;
  text.erase(0, at);
  return true;
}

std::vector<Reply> World::replies(std::size_t client, std::size_t n) {
  std::vector<Reply> all;
  std::string& received = clients_[client].received;
  std::size_t seen = 0;  // read again only when there is more
  for (std::uint32_t turns = 0; turns < 1'000'000 && all.size() < n; ++turns) {
    Reply reply;
    if (received.size() != seen && take_reply(received, reply)) {
      all.push_back(std::move(reply));
      seen = 0;
    } else {
      seen = received.size();
      run_for(millis(1));
    }
  }
  EXPECT_EQ(all.size(), n) << "no further reply came; unread: " << clients_[client].received;
  all.resize(n);
  return all;
}

std::string post_text(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: replica\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string with_id(std::string expected, const std::string& body, const std::string& prefix) {
  const std::size_t at = body.find(prefix);
  const std::string id = at == std::string::npos ? "none" : body.substr(at + prefix.size(), 24);
  for (std::size_t i = expected.find("ID"); i != std::string::npos; i = expected.find("ID", i + id.size())) {
    expected.replace(i, 2, id);
  }
  return expected;
}

Reply World::post(std::string_view path, std::string_view body) {
  const std::size_t client = connect();
  send(client, post_text(path, body));
  return replies(client)[0];
}

Reply World::get(std::string_view path) {
  const std::size_t client = connect();
  send(client, "GET " + std::string(path) + " HTTP/1.1\r\nHost: replica\r\n\r\n");
  return replies(client)[0];
}

}  // namespace wp::replica
