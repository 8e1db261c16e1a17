#include "tools/lab/rivals/dynamo_cost.h"

#include <gtest/gtest.h>

#include "tests/unit/lab/world.h"

namespace wp::lab {
namespace {

// Costs in blocks, of the two workers: prefill under way and to come, plus blocks held and to be held.
TEST(DynamoCost, WeighsPrefillAgainstBlocksHeld) {
  World world("dynamo-cost", 2, {{1, 2, 3, 4}, {1, 2, 3, 5}, {1, 2, 3, 6}, {9}});
  const std::uint32_t warm = world.send(0);  // (4) + 4 on both: either
  const std::uint32_t cold = 1 - warm;
  // Warm: (4 + 1) + (4 + 1) = 10. Cold: 4 + 4 = 8.
  EXPECT_EQ(world.send(1), cold);
  world.first_byte(0);
  world.first_byte(1);
  // Both: 1 + (4 + 1) = 6. Once the first has ended, its worker: 1 + 4 = 5.
  world.end(0);
  EXPECT_EQ(world.send(2), warm);
  // Warm: (1 + 1) + (4 + 1) = 7. Cold: 1 + (4 + 1) = 6.
  EXPECT_EQ(world.send(3), cold);
}

TEST(DynamoCost, ReleasesPrefillAtTheFirstByteOnly) {
  World world("dynamo-cost", 2, {{1, 2}, {3}, {4}});
  const std::uint32_t busy = world.send(0);
  world.first_byte(0);
  // Busy: 1 + (2 + 1) = 4. Idle: 1 + 1 = 2.
  EXPECT_EQ(world.send(1), 1 - busy);
  world.first_byte(1);
  // Busy: 1 + (2 + 1) = 4. The other: 1 + (1 + 1) = 3.
  EXPECT_EQ(world.send(2), 1 - busy);
}

}  // namespace
}  // namespace wp::lab
