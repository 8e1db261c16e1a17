// Peers that vanish, refuse and reset: each is noticed, whatever the transport was doing, and told with its reason.
#include "tests/unit/net/world.h"

namespace wp::net::test {
namespace {

template <class T>
class NetFailure : public NetTest<T> {};
TYPED_TEST_SUITE(NetFailure, Transports, TransportNames);

// An address where nobody listens: the port was just ours.
Endpoint nobody() {
  const auto gone = open_listener(at("127.0.0.1:0"), {}, Blocking::no);
  EXPECT_TRUE(gone.has_value());
  close(gone->fd);
  return gone->bound;
}

TYPED_TEST(NetFailure, ConnectRefused) {
  World<TypeParam> world;
  const stream::PortId id = world.ports.connect(nobody());
  std::uint8_t events = 0;
  world.app = [&](stream::StreamPort&, std::uint8_t e) { events |= e; };
  EXPECT_TRUE(world.until([&] { return world.ports.get(id).failed(); }));
  world.turn();
  EXPECT_EQ(world.ports.get(id).failure(), Reason::connect_refused);
  EXPECT_EQ(events, stream::kFailed);
  world.ports.get(id).close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

TYPED_TEST(NetFailure, ConnectToAnUnreachableAddress) {
  World<TypeParam> world;
  const stream::PortId id = world.ports.connect(at("255.255.255.255:9"));  // TCP never has a route to a broadcast
  ASSERT_TRUE(world.until([&] { return world.ports.get(id).failed(); }));
  EXPECT_EQ(world.ports.get(id).failure(), Reason::connect_refused);
  world.ports.get(id).abort(Reason::connect_refused);
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

TYPED_TEST(NetFailure, AResetFromAClientAndFromAReplica) {
  World<TypeParam> world;
  auto [peer, accepted] = world.join(world.listen());
  peer.reset();
  EXPECT_TRUE(world.until([&, &accepted = accepted] { return world.ports.get(accepted).failed(); }));
  EXPECT_EQ(world.ports.get(accepted).failure(), Reason::client_reset);

  const auto replica = open_listener(at("127.0.0.1:0"), {}, Blocking::yes);
  ASSERT_TRUE(replica.has_value());
  Peer listener(replica->fd);
  const stream::PortId connected = world.ports.connect(replica->bound);
  ASSERT_TRUE(world.until([&] { return world.ports.get(connected).is_open(); }));
  Peer(accept(replica->fd, nullptr, nullptr)).reset();
  EXPECT_TRUE(world.until([&] { return world.ports.get(connected).failed(); }));
  EXPECT_EQ(world.ports.get(connected).failure(), Reason::replica_reset);

  // A failed port stays for its application, which may end it either way.
  world.ports.get(accepted).close();
  world.ports.get(connected).abort(Reason::replica_reset);
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

// Floods until the transport has stopped reading.
template <class T>
void stall(World<T>& world, Peer& peer, stream::PortId id) {
  const std::string flood = pattern(65536);
  ASSERT_TRUE(world.until([&] {
    peer.send(flood);
    return world.ports.get(id).rx_paused();
  }));
}

TYPED_TEST(NetFailure, AResetIsNoticedWhileReceivingIsPaused) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  stall(world, peer, id);
  ASSERT_FALSE(world.ports.get(id).failed());
  peer.reset();
  EXPECT_TRUE(world.until([&, &id = id] { return world.ports.get(id).failed(); }));
  EXPECT_EQ(world.ports.get(id).failure(), Reason::client_reset);
  EXPECT_GT(world.ports.get(id).rx().bytes(), 0U);  // what was delivered can still be read
  world.ports.get(id).close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

TYPED_TEST(NetFailure, AFinBehindUnreadBytesWaitsForThem) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  const std::string body = pattern(300'000);
  std::size_t out = 0;
  stream::StreamPort& port = world.ports.get(id);
  ASSERT_TRUE(world.until([&, &peer = peer] {
    out += peer.send(std::string_view(body).substr(out));
    return port.rx_paused() && out == body.size();
  }));
  peer.finish();
  for (int i = 0; i < 20; ++i) world.turn(micros(500));
  EXPECT_FALSE(port.peer_closed());
  EXPECT_FALSE(port.failed());
  std::string got;
  EXPECT_TRUE(world.until([&] {
    drain(port, got);
    return port.peer_closed();
  }));
  EXPECT_TRUE(got == body);
  EXPECT_FALSE(port.failed());
  port.close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

TYPED_TEST(NetFailure, AResetAfterAFinIsNoticedWhileReceivingIsPaused) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  stall(world, peer, id);
  peer.finish();
  for (int i = 0; i < 20; ++i) world.turn(micros(500));
  ASSERT_FALSE(world.ports.get(id).failed());
  peer.reset();
  EXPECT_TRUE(world.until([&, &id = id] { return world.ports.get(id).failed(); }));
  world.ports.get(id).close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

TYPED_TEST(NetFailure, AResetIsNoticedAfterThePeerFinished) {
  World<TypeParam> world;
  auto [peer, id] = world.join(world.listen());
  peer.finish();
  ASSERT_TRUE(world.until([&, &id = id] { return world.ports.get(id).peer_closed(); }));
  peer.reset();
  EXPECT_TRUE(world.until([&, &id = id] { return world.ports.get(id).failed(); }));
  world.ports.get(id).close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

// A replica that refuses a large body: replies, and closes with the body unread, which resets the connection behind
// the reply. The reply must be delivered before the failure is told.
TYPED_TEST(NetFailure, AReplyInFrontOfAResetIsDelivered) {
  World<TypeParam> world;
  const auto replica = open_listener(at("127.0.0.1:0"), {}, Blocking::yes);
  ASSERT_TRUE(replica.has_value());
  Peer listener(replica->fd);
  const stream::PortId id = world.ports.connect(replica->bound);
  stream::StreamPort& port = world.ports.get(id);
  ASSERT_TRUE(world.until([&] { return port.is_open(); }));
  Peer server(accept(replica->fd, nullptr, nullptr));
  std::string got;
  bool replied = false;
  const std::string filler = pattern(4096);
  EXPECT_TRUE(world.until([&] {
    while (!port.failed() && port.tx_credit() > 0 && port.append(stream::as_bytes(filler))) {
    }
    drain(port, got);
    if (!replied && world.turns > 20) {
      replied = true;
      server.send("413 too large");
      server.close();
    }
    return port.failed();
  }));
  drain(port, got);
  EXPECT_EQ(got, "413 too large");
  EXPECT_EQ(port.failure(), Reason::replica_reset);
  port.close();
  EXPECT_TRUE(world.until([&] { return world.ports.live() == 0; }));
}

}  // namespace
}  // namespace wp::net::test
