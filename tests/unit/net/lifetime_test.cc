// Beginning, waking and ending: descriptors, threads, and destruction with everything in flight. Pools assert that
// nothing is held when they end; sanitizers watch the rest.
#include <thread>

#include "tests/unit/net/world.h"

namespace wp::net::test {
namespace {

template <class T>
class NetLifetime : public NetTest<T> {};
TYPED_TEST_SUITE(NetLifetime, Transports, TransportNames);

// A connection in every state that there is.
template <class T>
struct Crowd {
  explicit Crowd(World<T>& world) {
    const Endpoint listener = world.listen();
    const std::string flood = pattern(65536);
    for (int i = 0; i < 24; ++i) {
      auto [peer, id] = world.join(listener);
      peer.send(i % 2 == 0 ? flood : "hello");
      stream::StreamPort& port = world.ports.get(id);
      if (i % 3 == 0) {
        while (port.tx_credit() > 0 && port.append(stream::as_bytes(flood.substr(0, 4096)))) {
        }
      }
      if (i % 4 == 1) peer.finish();
      if (i % 8 == 2) peer.reset();
      if (i % 8 == 3) port.close();
      if (i % 8 == 4) port.abort(Reason::client_timeout);
      if (i % 8 == 5) port.finish();
      world.turn();
      peers.push_back(std::move(peer));
    }
    full = *open_listener(at("127.0.0.1:0"), {.backlog = 0}, Blocking::no);
    peers.emplace_back(full.fd);
    peers.push_back(Peer::connect(full.bound));
    static_cast<void>(world.ports.connect(full.bound));
    static_cast<void>(world.ports.connect(listener));
    world.turn();
    // Queued and not yet submitted; and accepted by nobody.
    peers.push_back(Peer::connect(listener));
    static_cast<void>(world.ports.connect(listener));
  }

  ListenSocket full;
  std::vector<Peer> peers;
};

TYPED_TEST(NetLifetime, DestructionWithEverythingInFlight) {
  const std::size_t before = open_descriptors();
  for (int extra = 0; extra < 4; ++extra) {
    World<TypeParam> world;
    const Crowd<TypeParam> crowd(world);
    for (int i = 0; i < extra; ++i) world.turn();
    world.net.reset();
    EXPECT_EQ(world.ports.receive_pool().lent(), 0U);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TYPED_TEST(NetLifetime, DestructionAfterItsThreadEnded) {
  const std::size_t before = open_descriptors();
  {
    World<TypeParam> other;  // this thread's own, which must not notice
    other.app = echo;
    auto [peer, id] = other.join(other.listen());
    {
      World<TypeParam> world;
      std::unique_ptr<Crowd<TypeParam>> crowd;
      std::thread shard([&] {
        auto [peer, id] = world.join(world.listen());
        peer.finish();
        ASSERT_TRUE(world.until([&, &id = id] { return world.ports.get(id).peer_closed(); }));
        crowd = std::make_unique<Crowd<TypeParam>>(world);
        // Its socket's close is decided in the last flush() and never submitted.
        world.ports.get(id).close();
        world.net->flush(clock_now());
      });
      shard.join();
      world.net.reset();
      EXPECT_EQ(world.ports.receive_pool().lent(), 0U);
    }
    peer.send("still here");
    EXPECT_TRUE(other.until([&, &peer = peer] {
      peer.receive();
      return peer.got == "still here";
    }));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TYPED_TEST(NetLifetime, DestructionBeforeTheFirstTurn) {
  const std::size_t before = open_descriptors();
  {
    World<TypeParam> world;
    const Peer peer = Peer::connect(world.listen());
    static_cast<void>(world.ports.connect(at("127.0.0.1:1")));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TYPED_TEST(NetLifetime, NoPathLeaksADescriptor) {
  World<TypeParam> world;
  const Endpoint listener = world.listen();
  const auto gone = open_listener(at("127.0.0.1:0"), {}, Blocking::no);
  close(gone->fd);
  world.turn();
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 200; ++i) {
    auto [peer, id] = world.join(listener);
    stream::StreamPort& port = world.ports.get(id);
    const stream::PortId refused = world.ports.connect(gone->bound);
    peer.send("hello");
    if (i % 5 == 0) port.abort(Reason::client_timeout);
    if (i % 5 == 1) port.close();
    if (i % 5 == 2) peer.reset();
    if (i % 5 == 3) peer.close();
    world.turn();
    ASSERT_TRUE(world.until([&] { return world.ports.get(refused).failed(); }));
    world.ports.get(refused).close();
    if (i % 5 >= 2) world.ports.get(id).close();
  }
  ASSERT_TRUE(world.until([&] { return world.ports.live() == 0; }));
  for (int i = 0; i < 3; ++i) world.turn();
  EXPECT_EQ(open_descriptors(), before);
}

TYPED_TEST(NetLifetime, WakeEndsASleepFromAnyThread) {
  World<TypeParam> world;
  const Instant start = clock_now();
  for (int i = 0; i < 100; ++i) {
    std::thread other([&] { world.net->wake(); });
    // Nothing else ever happens here: without the wake this sleeps for a minute.
    world.turn(seconds(60));
    other.join();
  }
  EXPECT_LT((clock_now() - start).seconds(), 30.0);
}

TYPED_TEST(NetLifetime, ASleepEndsByItself) {
  World<TypeParam> world;
  world.turn();
  const Instant end = clock_now() + millis(20);
  int sleeps = 0;
  for (Instant now = clock_now(); now < end; now = clock_now(), ++sleeps) world.net->enter(end - now);
  // Rings that another test closed may still have work for this thread, which interrupts a sleep.
  EXPECT_GE(sleeps, 1);
  EXPECT_LT(sleeps, 10) << "it does not sleep";
  world.net->receive(clock_now());
}

TYPED_TEST(NetLifetime, StopListeningLeavesConnections) {
  const std::size_t before = open_descriptors();
  World<TypeParam> world;
  world.app = echo;
  const Endpoint first = world.listen();
  const Endpoint second = world.listen();
  auto [peer, id] = world.join(first);
  world.net->stop_listening();
  for (int i = 0; i < 3; ++i) world.turn();
  for (const Endpoint& listener : {first, second}) {
    const SocketAddress address = to_socket_address(listener);
    const Peer late(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(late.fd(), address.get(), address.length), -1);
  }
  peer.send("hello");
  EXPECT_TRUE(world.until([&, &peer = peer] {
    peer.receive();
    return peer.got == "hello";
  }));
  world.net.reset();
  peer.close();
  EXPECT_EQ(open_descriptors(), before);
}

TYPED_TEST(NetLifetime, TwoShardsShareAnAddress) {
  World<TypeParam> one;
  World<TypeParam> two;
  const Endpoint listener = one.listen();
  const auto again = two.net->listen(listener);
  ASSERT_TRUE(again.has_value()) << again.error();
  EXPECT_EQ(*again, listener);
  std::vector<Peer> peers;
  for (int i = 0; i < 64; ++i) peers.push_back(Peer::connect(listener));
  EXPECT_TRUE(one.until([&] {
    two.turn();
    return one.opened.size() + two.opened.size() == peers.size();
  }));
  EXPECT_GT(one.opened.size(), 0U);
  EXPECT_GT(two.opened.size(), 0U);
}

TYPED_TEST(NetLifetime, AnAddressThatIsNotOursIsOneClearLine) {
  World<TypeParam> world;
  const auto bound = world.net->listen(at("192.0.2.77:80"));
  ASSERT_FALSE(bound.has_value());
  EXPECT_EQ(bound.error(), "cannot listen on 192.0.2.77:80: bind: Cannot assign requested address");
}

}  // namespace
}  // namespace wp::net::test
