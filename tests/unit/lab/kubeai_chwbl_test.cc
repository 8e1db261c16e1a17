#include "tools/lab/rivals/kubeai_chwbl.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <xxhash.h>

#include "tests/unit/lab/world.h"

namespace wp::lab {
namespace {

// The order in which a key's walk meets three replicas, worked out beside the code under test.
std::vector<std::uint32_t> walk(std::uint64_t key, std::uint32_t replicas) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> ring;
  for (std::uint32_t replica = 0; replica < replicas; ++replica) {
    for (int i = 0; i < 256; ++i) {
      const std::string point = "replica-" + std::to_string(replica) + std::to_string(i);
      // Distance from the key, around the ring.
      ring.emplace_back(XXH64(point.data(), point.size(), 0) - key, replica);
    }
  }
  std::ranges::sort(ring);
  std::vector<std::uint32_t> order;
  for (const auto& [distance, replica] : ring) {
    if (std::ranges::find(order, replica) == order.end()) order.push_back(replica);
  }
  return order;
}

// 1.25 * (all + 1) / 3: 0.4, 0.8, 1.25, 1.7, 2.1 for all = 0 to 4. A replica is taken while its own count is at most
// that.
TEST(KubeaiChwbl, WalksOnWhenABoundIsReached) {
  World world("kubeai-chwbl", 3, {{1}, {1}, {1}, {1}, {1}, {1}});
  const auto order = walk(world.trace().requests[0].opening, 3);
  EXPECT_EQ(world.send(0), order[0]);  // all 0: 0 <= 0.4
  EXPECT_EQ(world.decision(), Reason::prefix);
  EXPECT_EQ(world.send(1), order[1]);  // all 1: 1 > 0.8
  EXPECT_EQ(world.decision(), Reason::spill);
  EXPECT_EQ(world.send(2), order[0]);  // all 2: 1 <= 1.25
  EXPECT_EQ(world.send(3), order[1]);  // all 3: 2 > 1.7, 1 <= 1.7
  EXPECT_EQ(world.send(4), order[0]);  // all 4: 2 <= 2.1
  world.end(0);
  world.end(2);
  EXPECT_EQ(world.send(5), order[0]);  // all 3: 1 <= 1.7
}

TEST(KubeaiChwbl, GoesByAHundredCharactersAlone) {
  // A block is 2,048 characters: what follows the first does not matter.
  World world("kubeai-chwbl", 3, {{1, 2}, {1, 3}, {4}});
  EXPECT_EQ(world.trace().requests[0].opening, world.trace().requests[1].opening);
  EXPECT_NE(world.trace().requests[0].opening, world.trace().requests[2].opening);
}

}  // namespace
}  // namespace wp::lab
