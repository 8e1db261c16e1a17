// The world itself: what a link does is what it was asked to do, and what happens is in order.
#include "tests/sim/packet/link.h"

#include <gtest/gtest.h>

namespace wp::sim::packet {
namespace {

std::vector<std::byte> packet(std::size_t bytes) {
  return std::vector<std::byte>(bytes);
}

TEST(EventQueue, IsInOrderOfTimeAndThenOfEntry) {
  EventQueue queue;
  queue.put(Instant{5}, 1);
  queue.put(Instant{3}, 2);
  queue.put(Instant{5}, 3);
  queue.put(Instant{3}, 4);
  std::vector<std::uint32_t> order;
  while (!queue.empty()) order.push_back(queue.take().to);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{2, 4, 1, 3}));
  EXPECT_EQ(queue.next(), kNever);
}

TEST(Link, DelaysByItsBandwidthAndItsLength) {
  Rng rng(1);
  EventQueue queue;
  Link link({.bytes_per_second = 1'000'000, .delay = millis(10)}, 0);
  link.send(Instant{}, packet(1'000), rng, queue);
  link.send(Instant{}, packet(1'000), rng, queue);
  EXPECT_EQ(queue.take().at, Instant{} + millis(11));
  EXPECT_EQ(queue.take().at, Instant{} + millis(12));
}

TEST(Link, ItsQueueIsBounded) {
  Rng rng(1);
  EventQueue queue;
  Link link({.bytes_per_second = 1'000'000, .delay = {}, .queue = millis(10)}, 0);
  for (int i = 0; i < 100; ++i) link.send(Instant{}, packet(1'000), rng, queue);
  EXPECT_EQ(link.tally().delivered, 11U);
  EXPECT_EQ(link.tally().overflowed, 89U);
}

TEST(Link, LosesDuplicatesAndBreaksAboutAsManyAsAsked) {
  Rng rng(2);
  EventQueue queue;
  const LinkShape shape{
      .bytes_per_second = 1'000'000'000'000, .loss = 0.1, .duplicate = 0.2, .flip = 0.1, .truncate = 0.1};
  Link link(shape, 0);
  for (int i = 0; i < 20'000; ++i) link.send(Instant{}, packet(100), rng, queue);
  EXPECT_NEAR(static_cast<double>(link.tally().lost), 2'000, 200);
  EXPECT_NEAR(static_cast<double>(link.tally().duplicated), 3'600, 300);
  EXPECT_NEAR(static_cast<double>(link.tally().flipped), 1'800, 200);
  EXPECT_GT(link.tally().truncated, 1'000U);
  link.heal();
  const auto before = link.tally().delivered;
  for (int i = 0; i < 1'000; ++i) link.send(Instant{}, packet(100), rng, queue);
  EXPECT_EQ(link.tally().delivered, before + 1'000);
}

TEST(Link, LargePacketsVanishInABlackHole) {
  Rng rng(3);
  EventQueue queue;
  Link link({.mtu = 1'000}, 0);
  link.send(Instant{}, packet(1'001), rng, queue);
  link.send(Instant{}, packet(1'000), rng, queue);
  EXPECT_EQ(link.tally().too_big, 1U);
  EXPECT_EQ(link.tally().delivered, 1U);
}

TEST(Link, PartitionsBeginAndEnd) {
  Rng rng(4);
  EventQueue queue;
  Link link({.bytes_per_second = 1'000'000'000, .partition_every = millis(100), .partition_for = millis(50)}, 0);
  for (int i = 0; i < 10'000; ++i) link.send(Instant{} + millis(i), packet(10), rng, queue);
  EXPECT_GT(link.tally().partitioned, 500U);
  EXPECT_GT(link.tally().delivered, 5'000U);
}

}  // namespace
}  // namespace wp::sim::packet
