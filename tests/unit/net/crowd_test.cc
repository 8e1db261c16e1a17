// Pools that are nearly used up: accepting pauses, and connections that only linger make room.
#include "tests/unit/net/world.h"

namespace wp::net::test {
namespace {

template <class T>
class NetCrowd : public NetTest<T> {};
TYPED_TEST_SUITE(NetCrowd, Transports, TransportNames);

TYPED_TEST(NetCrowd, WithoutSendBuffersAcceptingPausesUntilTheyAreBack) {
  stream::StreamLimits limits = small_limits();
  limits.slab_entries = 64;
  World<TypeParam> world(limits);
  world.app = echo;
  const Endpoint listener = world.listen();
  std::vector<stream::Slice> hoard;
  while (world.ports.slabs().free() > 4) hoard.push_back(world.ports.slabs().take());
  std::vector<Peer> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(Peer::connect(listener));
    peers.back().send("hello");
  }
  for (int i = 0; i < 20; ++i) world.turn(micros(200));
  EXPECT_EQ(world.ports.live(), 0U);
  EXPECT_GE(world.ports.admission().pauses(stream::PoolName::slabs).value(), 1U);
  hoard.clear();
  EXPECT_TRUE(world.until([&] {
    std::size_t answered = 0;
    for (Peer& peer : peers) {
      peer.receive();
      EXPECT_EQ(peer.error, 0);
      answered += peer.got == "hello" ? 1 : 0;
    }
    return answered == peers.size();
  }));
}

// A refusal waits for its client's close; with many of them the oldest wait no longer.
TYPED_TEST(NetCrowd, LingeringConnectionsMakeRoomForNewOnes) {
  stream::StreamLimits limits = small_limits();
  limits.ports = 16;
  NetConfig config;
  config.linger = seconds(600);
  config.drain = seconds(600);
  config.shed_after = millis(20);
  World<TypeParam> world(limits, config);
  world.app = [](stream::StreamPort& port, std::uint8_t) {
    if (!port.rx().empty()) port.close();
  };
  const Endpoint listener = world.listen();
  std::vector<Peer> peers;
  for (int i = 0; i < 60; ++i) {
    peers.push_back(Peer::connect(listener));
    peers.back().send("refuse me");
  }
  // None of them closes, and yet all are served.
  EXPECT_TRUE(world.until([&] { return world.net->counters().accepted.value() == 60; }));
  EXPECT_GE(world.net->counters().closings_shed.value(), 44U);
}

// One that has just been let go may have its port for another turn: others do not go for that.
TYPED_TEST(NetCrowd, NoMoreAreLetGoThanAreInTheWay) {
  stream::StreamLimits limits = small_limits();
  limits.ports = 64;
  NetConfig config;
  config.linger = seconds(600);
  config.shed_after = millis(50);
  World<TypeParam> world(limits, config);
  const Endpoint listener = world.listen();
  std::vector<Peer> peers;
  while (world.ports.live() < limits.ports - limits.ports / 8) peers.push_back(world.join(listener).first);
  for (const stream::PortId id : world.opened) world.ports.get(id).close();
  EXPECT_TRUE(world.until([&] { return world.net->counters().closings_shed.value() > 0; }));
  for (int i = 0; i < 20; ++i) world.turn(micros(200));
  EXPECT_LE(world.net->counters().closings_shed.value(), 4U);
}

TYPED_TEST(NetCrowd, WithRoomNobodyIsHurried) {
  NetConfig config;
  config.linger = seconds(600);
  config.shed_after = {};
  World<TypeParam> world(small_limits(), config);
  auto [peer, id] = world.join(world.listen());
  world.ports.get(id).close();
  for (int i = 0; i < 20; ++i) world.turn(micros(200));
  EXPECT_EQ(world.ports.live(), 1U);
  EXPECT_EQ(world.net->counters().closings_shed.value(), 0U);
}

// Progress keeps a close alive, but not for ever.
TYPED_TEST(NetCrowd, AClientThatTakesItsLastReplyByteByByteIsGivenUp) {
  NetConfig config;
  config.drain = seconds(600);
  config.drain_most = millis(200);
  config.shed_after = seconds(600);
  World<TypeParam> world(small_limits(), config);
  auto [peer, id] = world.join(world.listen());
  world.stuff(world.ports.get(id));
  world.ports.get(id).close();
  char byte = 0;
  EXPECT_TRUE(world.until([&, &peer = peer] {
    static_cast<void>(recv(peer.fd(), &byte, 1, MSG_DONTWAIT));
    return world.ports.live() == 0;
  }));
  EXPECT_EQ(world.net->counters().lingers_expired.value(), 1U);
}

}  // namespace
}  // namespace wp::net::test
