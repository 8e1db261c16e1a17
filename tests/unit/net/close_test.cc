// How connections end: the lingering close, the reset, and their bounds.
#include "tests/unit/net/world.h"

namespace wp::net::test {
namespace {

template <class T>
class NetClose : public NetTest<T> {};
TYPED_TEST_SUITE(NetClose, Transports, TransportNames);

// Replies to the first bytes it sees and closes, as a refusal of a large body does.
template <class T>
void early_reply(std::size_t body_bytes, const NetConfig& config) {
  World<T> world(small_limits(), config);
  const std::string reply = pattern(60'000);
  world.app = [&](stream::StreamPort& port, std::uint8_t) {
    if (port.rx().empty()) return;
    ASSERT_TRUE(port.append(stream::as_bytes(reply)));
    port.close();
  };
  Peer peer = Peer::connect(world.listen());
  const std::string body = pattern(body_bytes);
  std::size_t out = 0;
  EXPECT_TRUE(world.until([&] {
    out += peer.send(std::string_view(body).substr(out));
    // A client that writes before it reads: only when it can write no more, or all, does it look.
    if (out == body.size() || world.ports.live() > 0) peer.receive();
    return peer.closed || peer.error != 0;
  }));
  EXPECT_EQ(peer.error, 0);
  EXPECT_TRUE(peer.got == reply);
  peer.close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
  EXPECT_EQ(world.ports.receive_pool().held(), 0U);
}

TYPED_TEST(NetClose, AnEarlyReplyReachesAClientThatIsStillSending) {
  early_reply<TypeParam>(200'000, {});
}

TYPED_TEST(NetClose, AnEarlyReplyReachesAClientThatSendsMoreThanIsRead) {
  NetConfig config;
  config.linger = millis(300);
  early_reply<TypeParam>(20'000'000, config);
}

TYPED_TEST(NetClose, LingerReadsNoMoreThanItsBytes) {
  NetConfig config;
  config.linger = millis(100);
  config.linger_bytes = 100'000;
  World<TypeParam> world(small_limits(), config);
  auto [peer, id] = world.join(world.listen());
  // One receive was granted all of the credit before the close.
  const std::uint32_t bound = 100'000U + world.ports.get(id).rx().limit() + world.ports.limits().receive_bytes;
  world.ports.get(id).close();
  const std::string body = pattern(1'000'000);
  EXPECT_TRUE(world.until([&, &peer = peer] {
    peer.send(body);
    return world.ports.live() == 0;
  }));
  EXPECT_EQ(world.net->counters().lingers_expired.value(), 1U);
  EXPECT_LE(world.net->counters().bytes_received.value(), bound);
}

TYPED_TEST(NetClose, LingerEndsThoughThePeerStays) {
  NetConfig config;
  config.linger = millis(50);
  World<TypeParam> world(small_limits(), config);
  auto [peer, id] = world.join(world.listen());
  world.ports.get(id).close();
  world.turn();
  EXPECT_NE(world.net->next_deadline(), kNever);
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
  EXPECT_EQ(world.net->counters().lingers_expired.value(), 1U);
  peer.receive();
  EXPECT_TRUE(peer.closed);
}

TYPED_TEST(NetClose, APeerThatReadsNothingIsResetAfterTheDrainTime) {
  NetConfig config;
  config.drain = millis(100);
  World<TypeParam> world(small_limits(), config);
  auto [peer, id] = world.join(world.listen());
  stream::StreamPort& port = world.ports.get(id);
  world.stuff(port);
  ASSERT_GT(port.tx_bytes(), 0U);
  port.close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
  EXPECT_EQ(world.net->counters().lingers_expired.value(), 1U);
  EXPECT_TRUE(world.until([&, &peer = peer] {
    peer.receive();
    return peer.error == ECONNRESET || peer.closed;
  }));
  EXPECT_EQ(peer.error, ECONNRESET);
}

TYPED_TEST(NetClose, AbortIsSeenAsAReset) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  ASSERT_TRUE(world.ports.get(id).append(stream::as_bytes("never mind")));
  world.ports.get(id).abort(Reason::replica_reset);
  EXPECT_TRUE(world.until([&, &peer = peer] {
    peer.receive();
    return peer.error != 0 || peer.closed;
  }));
  EXPECT_EQ(peer.error, ECONNRESET);
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

TYPED_TEST(NetClose, AbortDropsASendThatIsStuck) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  stream::StreamPort& port = world.ports.get(id);
  world.stuff(port);
  ASSERT_GT(port.tx_bytes(), 0U);
  port.abort(Reason::client_timeout);
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
  EXPECT_EQ(world.ports.slabs().held(), 0U);
}

TYPED_TEST(NetClose, AbortBeforeTheHandshakeIsComplete) {
  World<TypeParam> world;
  const Endpoint listener = world.listen();
  const stream::PortId unseen = world.ports.connect(listener);
  world.ports.get(unseen).abort(Reason::connect_timeout);
  world.turn();
  EXPECT_EQ(world.ports.live(), 0U);
  // A listener whose queue is full answers no more SYNs.
  const auto full = open_listener(at("127.0.0.1:0"), {.backlog = 0}, Blocking::no);
  ASSERT_TRUE(full.has_value());
  Peer queued(full->fd);
  const Peer filler = Peer::connect(full->bound);
  const stream::PortId waiting = world.ports.connect(full->bound);
  for (int i = 0; i < 10; ++i) world.turn(millis(1));
  ASSERT_FALSE(world.ports.get(waiting).is_open());
  ASSERT_FALSE(world.ports.get(waiting).failed());
  world.ports.get(waiting).abort(Reason::connect_timeout);
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

TYPED_TEST(NetClose, ThousandsOfShortConnections) {
  World<TypeParam> world;
  world.app = [](stream::StreamPort& port, std::uint8_t) {
    if (port.rx().empty()) return;
    ASSERT_TRUE(port.push(port.pop_rx()));
    port.close();
  };
  const Endpoint listener = world.listen();
  for (int i = 0; i < 2000; ++i) {
    Peer peer = Peer::connect(listener);
    peer.send("x");
    ASSERT_TRUE(world.until([&] {
      peer.receive();
      return peer.closed;
    }));
    ASSERT_EQ(peer.got, "x");
  }
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
  EXPECT_EQ(world.net->counters().accepted.value(), 2000U);
  EXPECT_EQ(world.net->counters().lingers_expired.value(), 0U);
}

}  // namespace
}  // namespace wp::net::test
