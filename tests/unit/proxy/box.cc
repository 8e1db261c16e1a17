#include "tests/unit/proxy/box.h"

#include <array>
#include <charconv>
#include <utility>

namespace wp::test {

proxy::ProxyConfig Box::default_config() {
  proxy::ProxyConfig config;
  config.max_clients = 64;
  config.max_upstreams = 64;
  config.head_slabs = 32;
  config.body.max_body = 1024 * 1024;
  config.body.entries = {32, 16, 4, 2};
  return config;
}

stream::StreamLimits Box::small_limits() {
  stream::StreamLimits limits;
  limits.ports = 128;
  limits.nodes = 4096;
  limits.receive_entries = 512;
  limits.slab_entries = 512;
  return limits;
}

Endpoint Box::replica_address(std::uint32_t i) {
  Endpoint endpoint;
  endpoint.family = Endpoint::Family::v4;
  endpoint.address = {10, 0, 0, static_cast<std::uint8_t>(i + 1)};
  endpoint.port = 8000;
  return endpoint;
}

Box::Box(std::uint32_t replicas, proxy::ProxyConfig config, stream::StreamLimits limits) {
  limits.accepted = config.max_clients;
  ports_ = std::make_unique<stream::PortTable>(limits);
  net_ = std::make_unique<sim::SimNet>(*ports_, 1);
  auto snapshot = std::make_unique<balance::Snapshot>();
  balance::Pool pool;
  pool.name = "default";
  for (std::uint32_t i = 0; i < replicas; ++i) {
    balance::Replica replica;
    replica.ref = {i, 1};
    replica.name = to_string(replica_address(i));
    replica.authority = replica.name;
    replica.endpoints = {replica_address(i)};
    pool.members.push_back(static_cast<std::uint16_t>(i));
    snapshot->replicas.push_back(replica);
    net_->listen(replica_address(i));
  }
  snapshot->pools.push_back(pool);
  snapshot->routes.push_back({});
  publish_snapshot(std::move(snapshot));
  shard_ = std::make_unique<shard::Shard<sim::SimNet>>(
      0, config, shard::SharedState{published_, qsbr_, accounts_, residency_}, *ports_, *net_, mailbox_);
}

Box::~Box() {
  shard_->proxy().abort_all(Reason::shutting_down);
  net_->flush(now);
  net_.reset();  // before the shard: see Shard
  qsbr_.offline(0);
  const std::size_t held = qsbr_.reclaim();
  WP_ASSERT(held == 0);  // with every reader offline nothing holds an old snapshot
}

void Box::publish_snapshot(std::unique_ptr<balance::Snapshot> next) {
  next->version = current_ ? current_->version + 1 : 1;
  balance::seal(*next);
  for (balance::Pool& pool : next->pools) {
    balance::RingBuilder builder(1024);
    WP_ASSERT(builder.assign(balance::ring_members(*next, pool)));
    pool.ring = builder.build();
  }
  published_.replace(next.get());
  if (current_) {
    const auto* old = current_.release();
    qsbr_.retire([old] { delete old; });
  }
  current_ = std::move(next);
  static_cast<void>(qsbr_.reclaim());
}

void Box::turn() {
  shard_->turn(now);
  shard_->turn_ended(now, now + own_time);
}

void Box::settle() {
  // Bytes cross the box in one turn each way; a request and its reply need a handful.
  for (int i = 0; i < 12; ++i) turn();
}

void Box::advance(Duration by) {
  now = now + by;
  settle();
}

Conn Box::client() {
  Endpoint endpoint;
  endpoint.family = Endpoint::Family::v4;
  endpoint.address = {192, 0, 2, 7};
  endpoint.port = 50'000;
  Conn conn = net_->connect(endpoint);
  EXPECT_NE(conn, nullptr);
  return conn;
}

std::vector<Conn> Box::accepted(std::uint32_t i) {
  return net_->take_accepted(replica_address(i));
}

Conn Box::accept_one(std::uint32_t i) {
  auto conns = accepted(i);
  EXPECT_EQ(conns.size(), 1U);
  return conns.empty() ? std::make_shared<sim::SimConn>() : conns.front();
}

void Box::expect_nothing_held() {
  settle();
  EXPECT_EQ(proxy().exchanges(), 0U);
  EXPECT_EQ(proxy().counters().in_flight.value(), 0U);
  EXPECT_EQ(proxy().counters().body_slabs.value(), 0U);
  EXPECT_EQ(ports_->receive_pool().held(), 0U);
  EXPECT_EQ(ports_->slabs().held(), 0U);
  for (const balance::Replica& replica : current_->replicas) {
    EXPECT_EQ(accounts_.charged(replica.ref.id), accounts_.released(replica.ref.id)) << replica.name;
    EXPECT_EQ(accounts_.load(replica.ref.id).prefill, 0U) << replica.name;
    EXPECT_EQ(accounts_.load(replica.ref.id).streams, 0U) << replica.name;
  }
}

std::string post(std::string_view path, std::string_view body, std::string_view extra_headers) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: warmpath\r\nContent-Type: application/json\r\n" +
         std::string(extra_headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string chat(std::string_view text, std::string_view extra_headers) {
  return post("/v1/chat/completions",
              R"({"model":"m","messages":[{"role":"user","content":")" + std::string(text) + R"("}]})", extra_headers);
}

std::string ok_reply(std::string_view body, std::string_view extra_headers) {
  return "HTTP/1.1 200 OK\r\n" + std::string(extra_headers) + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

int status_of(std::string_view reply) {
  if (!reply.starts_with("HTTP/1.1 ") || reply.size() < 12) return 0;
  return (reply[9] - '0') * 100 + (reply[10] - '0') * 10 + (reply[11] - '0');
}

std::string body_of(std::string_view reply) {
  const std::size_t at = reply.find("\r\n\r\n");
  return at == std::string_view::npos ? std::string() : std::string(reply.substr(at + 4));
}

std::string take(const Conn& conn) {
  return std::exchange(conn->inbox(), {});
}

std::string ask(Box& box, const Conn& client, const std::string& request) {
  client->send(request);
  box.settle();
  return take(client);
}

Conn pooled(Box& box) {
  const Conn client = box.client();
  client->send(chat("warm up"));
  box.settle();
  Conn replica = box.accept_one();
  static_cast<void>(take(replica));
  replica->send(ok_reply("ok"));
  box.settle();
  client->finish();
  box.settle();
  return replica;
}

proxy::ProxyConfig probed_config() {
  proxy::ProxyConfig config = Box::default_config();
  config.probe_prefix = "/warmpath";
  return config;
}

Conn deaf_client(Box& box) {
  const Conn client = box.client();
  client->set_window(0);
  std::uint32_t credit = 1;
  while (credit > 0) {
    client->send("GET /warmpath/live HTTP/1.1\r\nHost: a\r\n\r\n");
    box.settle();
    box.ports().for_each([&](const stream::StreamPort& port) { credit = port.tx_credit(); });
  }
  return client;
}

std::string chunk(std::string_view data) {
  std::array<char, 16> size{};
  const auto end = std::to_chars(size.begin(), size.end(), data.size(), 16).ptr;
  return std::string(size.begin(), end) + "\r\n" + std::string(data) + "\r\n";
}

}  // namespace wp::test
