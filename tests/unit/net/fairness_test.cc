// A thousand stalled connections, of both kinds, do not slow one that is well. Slowness is counted in turns of the
// loop, which no other load on the machine can change.
#include <climits>

#include "tests/unit/net/world.h"

namespace wp::net::test {
namespace {

template <class T>
class NetFairness : public NetTest<T> {};
TYPED_TEST_SUITE(NetFairness, Transports, TransportNames);

constexpr int kStalled = 500;  // of each kind

// The most turns that one of `trips` round trips took.
template <class T>
int slowest_trip(World<T>& world, Peer& peer, int trips, const std::function<void()>& each_turn = {}) {
  int slowest = 0;
  for (int i = 0; i < trips; ++i) {
    peer.got.clear();
    const int before = world.turns;
    peer.send("ping");
    const bool came = world.until([&] {
      if (each_turn) each_turn();
      peer.receive();
      return peer.got.size() == 4;
    });
    if (!came) return INT_MAX;
    slowest = std::max(slowest, world.turns - before);
  }
  return slowest;
}

TYPED_TEST(NetFairness, AThousandStalledConnectionsDoNotSlowAnother) {
  stream::StreamLimits limits;  // the defaults, with fewer ports
  limits.ports = 2048;
  World<TypeParam> world(limits);
  const Endpoint listener = world.listen();
  auto [well, well_id] = world.join(listener);
  const std::string flood = pattern(65536);
  std::vector<Peer> flooding;
  std::vector<Peer> deaf;
  // What comes on a stalled port is never read; those of `deaf` are sent to without end.
  world.app = [&, &well_id = well_id](stream::StreamPort& port, std::uint8_t events) {
    if (port.id() == well_id) echo(port, events);
  };
  const int alone = slowest_trip(world, well, 50);
  EXPECT_LE(alone, 3);

  for (int i = 0; i < kStalled; ++i) {
    flooding.push_back(Peer::connect(listener));
    const int moderate = 65536;
    setsockopt(flooding.back().fd(), SOL_SOCKET, SO_SNDBUF, &moderate, sizeof moderate);
    auto [peer, id] = world.join(listener);
    deaf.push_back(std::move(peer));
    const int small = 4096;
    setsockopt(deaf.back().fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  }
  std::vector<stream::PortId> ports = world.opened;
  const auto feed = [&] {
    for (Peer& peer : flooding) peer.send(flood);
    for (const stream::PortId id : ports) {
      stream::StreamPort& port = world.ports.get(id);
      if (id == well_id || world.ports.slabs().free() < 2048 || port.tx_credit() == 0) continue;
      EXPECT_TRUE(port.append(stream::as_bytes(flood.substr(0, 4096))));
    }
  };
  const int under_attack = slowest_trip(world, well, 50, feed);
  EXPECT_LE(under_attack, 6);

  world.settle();
  const int stalled = slowest_trip(world, well, 50);
  EXPECT_LE(stalled, 3);
  std::printf("[          ] slowest round trip: alone %d turns, under attack %d, all stalled %d\n", alone, under_attack,
              stalled);
  EXPECT_GT(world.ports.receive_pool().free() + world.ports.receive_pool().lent(), 0U);
}

// New connections are taken and served while the rest are stalled.
TYPED_TEST(NetFairness, ANewConnectionIsServedWhileOthersHoldTheBuffers) {
  stream::StreamLimits limits = small_limits();
  limits.receive_entries = 256;  // a quarter of what the floods below have credit for
  World<TypeParam> world(limits);
  const Endpoint listener = world.listen();
  const std::string flood = pattern(65536);
  std::vector<Peer> flooding;
  for (int i = 0; i < 64; ++i) flooding.push_back(std::move(world.join(listener).first));
  for (int i = 0; i < 200; ++i) {
    for (Peer& peer : flooding) peer.send(flood);
    world.turn(micros(100));
  }
  auto [fresh, id] = world.join(listener);
  world.app = [&, &id = id](stream::StreamPort& port, std::uint8_t events) {
    if (port.id() == id) echo(port, events);
  };
  EXPECT_LE(slowest_trip(world, fresh, 20), 5);
}

}  // namespace
}  // namespace wp::net::test
