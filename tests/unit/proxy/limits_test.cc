// Every limit of the request path: what is refused, with which word, and that what was held is free again.
#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

std::string code_of(std::string_view reply) {
  const std::string_view mark = R"("code":")";
  const std::size_t at = reply.find(mark);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = reply.substr(at + mark.size());
  return std::string(rest.substr(0, rest.find('"')));
}

Conn client_from(Box& box, std::uint8_t last, std::uint16_t port = 40'000) {
  Endpoint endpoint;
  endpoint.family = Endpoint::Family::v4;
  endpoint.address = {198, 51, 100, last};
  endpoint.port = port;
  return box.net().connect(endpoint);
}

// A request whose reply has not come.
Conn busy_client(Box& box, std::uint8_t last) {
  Conn conn = client_from(box, last);
  conn->send(chat("busy"));
  box.settle();
  return conn;
}

TEST(ProxyLimits, TheHeadsSizeAndFieldsAreBounded) {
  proxy::ProxyConfig config = Box::default_config();
  config.head.head_bytes = 1024;
  config.head.target_bytes = 256;
  config.head.fields = 8;
  Box box(1, config);
  const Conn large = box.client();
  large->send("GET /v1/models HTTP/1.1\r\nHost: a\r\nX-A: " + std::string(1100, 'a') + "\r\n\r\n");
  const Conn many = box.client();
  many->send(
      "GET /v1/models HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\nG: 1\r\nH: 1\r\n\r\n");
  box.settle();
  const std::string too_large = take(large);
  const std::string too_many = take(many);
  EXPECT_EQ(status_of(too_large), 431);
  EXPECT_EQ(code_of(too_large), "head_too_large");
  EXPECT_EQ(status_of(too_many), 431);
  EXPECT_EQ(code_of(too_many), "too_many_headers");
  EXPECT_EQ(box.count(Reason::head_too_large), 1U);
  EXPECT_EQ(box.count(Reason::too_many_headers), 1U);
  box.expect_nothing_held();
}

TEST(ProxyLimits, OneSourceHoldsNoMoreConnectionsThanItMay) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_per_source = 2;
  Box box(1, config);
  const Conn a = client_from(box, 1, 1);
  const Conn b = client_from(box, 1, 2);
  box.settle();
  const Conn third = client_from(box, 1, 3);
  const Conn other = client_from(box, 2, 1);
  box.settle();
  const std::string reply = take(third);
  EXPECT_EQ(status_of(reply), 429);
  EXPECT_EQ(code_of(reply), "source_limit");
  EXPECT_NE(reply.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_TRUE(third->fin_received());
  EXPECT_EQ(box.count(Reason::source_limit), 1U);
  EXPECT_FALSE(other->over());

  // A place is free again however the connection that held it ended.
  a->reset();
  box.settle();
  const Conn fourth = client_from(box, 1, 4);
  box.settle();
  EXPECT_FALSE(fourth->over());
  b->finish();
  fourth->send("nonsense\r\n\r\n");
  box.settle();
  const Conn fifth = client_from(box, 1, 5);
  const Conn sixth = client_from(box, 1, 6);
  const Conn seventh = client_from(box, 1, 7);
  box.settle();
  EXPECT_FALSE(fifth->over());
  EXPECT_FALSE(sixth->over());
  EXPECT_EQ(status_of(take(seventh)), 429);
}

// Refusals must not fill the table with connections that linger.
TEST(ProxyLimits, WithHalfOfThePortsTakenARefusalIsAReset) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_per_source = 1;
  stream::StreamLimits limits = Box::small_limits();
  limits.ports = 16;
  Box box(1, config, limits);
  std::vector<Conn> held;
  for (std::uint8_t i = 0; i < 9; ++i) held.push_back(client_from(box, i));
  box.settle();
  const Conn refused = client_from(box, 0, 2);
  box.settle();
  EXPECT_TRUE(refused->reset_received());
  EXPECT_EQ(take(refused), "");
  EXPECT_EQ(box.count(Reason::source_limit), 1U);
  for (const Conn& conn : held) EXPECT_FALSE(conn->over());
}

TEST(ProxyLimits, RequestsInFlightAreBounded) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_requests = 2;
  Box box(1, config);
  const Conn a = busy_client(box, 1);
  const Conn b = busy_client(box, 2);
  const Conn c = busy_client(box, 3);
  const std::string reply = take(c);
  EXPECT_EQ(status_of(reply), 503);
  EXPECT_EQ(code_of(reply), "too_many_requests");
  EXPECT_NE(reply.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_EQ(box.count(Reason::too_many_requests), 1U);
  EXPECT_FALSE(c->over()) << "the request was read to its end: the connection stays";

  auto replicas = box.accepted();
  ASSERT_EQ(replicas.size(), 2U);
  replicas[0]->send(ok_reply("one"));
  box.settle();
  c->send(chat("again"));
  box.settle();
  EXPECT_EQ(take(c), "") << "its turn now";
  EXPECT_EQ(box.proxy().exchanges(), 2U);
  a->reset();
  b->reset();
  c->reset();
  box.expect_nothing_held();
}

TEST(ProxyLimits, ConnectionsToReplicasAreBounded) {
  proxy::ProxyConfig config = Box::default_config();
  config.max_upstreams = 1;
  Box box(1, config);
  const Conn a = busy_client(box, 1);
  const Conn b = busy_client(box, 2);
  const std::string reply = take(b);
  EXPECT_EQ(status_of(reply), 503);
  EXPECT_EQ(code_of(reply), "no_connection_slot");
  EXPECT_NE(reply.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_EQ(box.count(Reason::no_connection_slot), 1U);
  EXPECT_FALSE(b->over());

  // The one there is may be the next one's.
  box.accept_one()->send(ok_reply("one"));
  box.settle();
  b->send(chat("again"));
  box.settle();
  EXPECT_EQ(take(b), "");
  EXPECT_EQ(box.proxy().exchanges(), 1U);
  a->reset();
  b->reset();
  box.expect_nothing_held();
}

TEST(ProxyLimits, SlotsForHeadsAreBounded) {
  proxy::ProxyConfig config = Box::default_config();
  config.head_slabs = 2;
  Box box(1, config);
  const Conn c = client_from(box, 3);
  box.settle();
  const Conn a = busy_client(box, 1);
  const Conn b = busy_client(box, 2);
  c->send(chat("one too many"));
  box.settle();
  EXPECT_EQ(take(c), "") << "it waits for a slot first";
  box.advance(millis(510));
  const std::string reply = take(c);
  EXPECT_EQ(status_of(reply), 503);
  EXPECT_EQ(code_of(reply), "no_head_slab");
  EXPECT_EQ(box.count(Reason::no_head_slab), 1U);
}

}  // namespace
}  // namespace wp::test
