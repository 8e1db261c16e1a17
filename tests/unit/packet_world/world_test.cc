// Worlds of a kind that is chosen here, not drawn; and seeds that once found something.
#include "tests/sim/packet/world.h"

#include <gtest/gtest.h>

namespace wp::sim::packet {
namespace {

// Two ordinary hosts over an ordinary path, and one talk each way of 200 kB.
Shape ordinary() {
  Shape shape;
  for (HostShape& host : shape.host) {
    host.streams = {.ports = 64, .nodes = 4'096, .receive_entries = 512, .slab_entries = 512};
    host.stack = {.connections = 64, .half_open = 16, .pieces = 256};
    host.tcp.time_wait = seconds(1);
  }
  for (LinkShape& link : shape.link) link = {.bytes_per_second = 12'500'000, .delay = millis(10)};
  shape.talks = {{.sends = {200'000, 200'000}}};
  shape.later = {{.sends = {10'000, 10'000}}};
  shape.faults_for = seconds(10);
  return shape;
}

TEST(World, WithoutFaultsNothingIsSentTwice) {
  World world(ordinary(), 1);
  const WorldResult result = world.run();
  EXPECT_EQ(result.violations, std::vector<std::string>{});
  EXPECT_EQ(result.failed, 0U);
  EXPECT_EQ(world.host(0).stack().counters().segments_retransmitted.value(), 0U);
  EXPECT_EQ(world.host(1).stack().counters().segments_retransmitted.value(), 0U);
}

TEST(World, ALossIsRepairedWithoutATimeout) {
  Shape shape = ordinary();
  shape.link[0].loss = 0.01;
  shape.talks[0].sends[0] = 1'000'000;
  World world(shape, 3);
  const WorldResult result = world.run();
  EXPECT_EQ(result.violations, std::vector<std::string>{});
  EXPECT_GT(world.host(0).stack().counters().fast_retransmits.value(), 0U);
}

TEST(World, ASeedIsAWorld) {
  const WorldResult a = World(17).run();
  const WorldResult b = World(17).run();
  const WorldResult c = World(18).run();
  EXPECT_EQ(a.trace, b.trace);
  EXPECT_NE(a.trace, c.trace);
}

TEST(World, ABlackHoleForLargePacketsIsPassed) {
  Shape shape = ordinary();
  shape.link[0].mtu = 700;
  const WorldResult result = World(shape, 5).run();
  EXPECT_EQ(result.violations, std::vector<std::string>{});
  EXPECT_EQ(result.failed, 0U);
}

// The backoff was kept after new round trips had been measured: losses late in a connection cost up to a minute each,
// and this talk did not end.
TEST(World, Seed123_BackoffEndsWithAMeasurement) {
  Shape shape = ordinary();
  for (LinkShape& link : shape.link) link.loss = 0.3;
  shape.faults_for = seconds(40);
  const WorldResult result = World(shape, 123).run();
  EXPECT_EQ(result.violations, std::vector<std::string>{});
}

// The oracle is alive: a stack whose bytes are changed on the way is found out. A link cannot do it, for checksums see
// one bit; here the two sides disagree about who talks.
TEST(World, ASpeakerSeesWrongBytes) {
  stream::PortTable ports({.ports = 2, .nodes = 16, .receive_entries = 4, .slab_entries = 4});
  const stream::PortId id = ports.accept({}, {});
  Rng rng(1);
  Speaker speaker(1, 0, {.sends = {0, 100}});
  ASSERT_TRUE(ports.get(id).deliver_copy(std::vector<std::byte>(10, std::byte{0x55})));
  static_cast<void>(speaker.run(ports.get(id), rng));
  EXPECT_FALSE(speaker.complaint().empty());
}

}  // namespace
}  // namespace wp::sim::packet
