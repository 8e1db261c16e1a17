#include "tools/lab/rivals/oracle.h"

#include <gtest/gtest.h>

#include "tests/unit/lab/world.h"

namespace wp::lab {
namespace {

// 10,000 tokens a second and 10 ms: a block is 51.2 ms.
TEST(Oracle, TakesWhereTheFirstTokenComesSoonest) {
  World world("oracle", 2, {{1, 2, 3, 4}, {1, 2, 3, 5}, {1, 2, 3, 6}, {1, 2, 3, 7}});
  EXPECT_EQ(world.send(0), 0U);  // both 214.8 ms and neither sent anything: the first
  // 0: 214.8 ms to wait, then 61.2. 1: 214.8.
  EXPECT_EQ(world.send(1), 1U);
  world.wait(seconds(1));
  EXPECT_EQ(world.send(2), 0U);  // both have three blocks and were sent as much: the first
  EXPECT_EQ(world.send(3), 1U);
}

TEST(Oracle, IsHeldToTheBounds) {
  // At most one request under way on any, but for the floor of one.
  const balance::Bounds bounds{.factor = 1, .prefill_floor = 1'000'000, .streams_floor = 0};
  World world("oracle", 2, {{1}, {1}, {1}}, bounds);
  EXPECT_EQ(world.send(0), 0U);
  world.wait(seconds(1));  // idle again, but its reply goes on
  EXPECT_EQ(world.send(1), 1U);
  EXPECT_EQ(world.decision(), Reason::spill);
  world.wait(seconds(1));
  EXPECT_EQ(world.send(2), 0U);  // both at the mean
}

}  // namespace
}  // namespace wp::lab
