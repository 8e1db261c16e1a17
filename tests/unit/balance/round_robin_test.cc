#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/pick.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using testing::Fleet;

std::vector<std::uint32_t> picks(Fleet& fleet, std::uint32_t count, std::span<const ReplicaRef> excluded = {}) {
  std::vector<std::uint32_t> ids;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Pick picked = pick(fleet.input(1, 1, excluded));
    EXPECT_EQ(picked.decision, Reason::round_robin);
    ids.push_back(picked.replica->ref.id);
  }
  return ids;
}

TEST(RoundRobin, EqualsComeInTurn) {
  Fleet fleet(5, Strategy::round_robin);
  const std::vector<std::uint32_t> first = picks(fleet, 5);
  std::vector<std::uint32_t> sorted = first;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(picks(fleet, 5), first);
}

TEST(RoundRobin, LoadDoesNotMatter) {
  Fleet fleet(2, Strategy::round_robin);
  fleet.load(0, 10'000'000, 1'000);
  const std::vector<std::uint32_t> ids = picks(fleet, 10);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 0U), 5);
}

TEST(RoundRobin, ExcludedOnesAreSteppedOver) {
  Fleet fleet(3, Strategy::round_robin);
  const ReplicaRef one[] = {{1, 1}};
  for (const std::uint32_t id : picks(fleet, 12, one)) EXPECT_NE(id, 1U);
  const ReplicaRef all[] = {{1, 1}, {0, 1}, {2, 1}};
  EXPECT_EQ(pick(fleet.input(1, 1, all)).replica, nullptr);
}

// Not only in the long run: after any number of turns no replica is more than a few picks off its share.
TEST(RoundRobin, SharesFollowTheWeightsAtEveryMoment) {
  const std::vector<std::uint32_t> weights = {100, 300, 50, 1'000, 1, 700};
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  Fleet fleet(weights, Strategy::round_robin);
  std::vector<std::uint32_t> counts(weights.size());
  for (std::uint32_t turn = 1; turn <= 20'000; ++turn) {
    ++counts[picks(fleet, 1).front()];
    for (std::size_t id = 0; id < weights.size(); ++id) {
      ASSERT_NEAR(counts[id], turn * weights[id] / sum, 4) << "turn " << turn << " replica " << id;
    }
  }
  EXPECT_GT(counts[4], 0U) << "the lightest has its turn too";
}

TEST(RoundRobin, HeavyOnesAreSpreadAndNotInARow) {
  Fleet fleet({300, 100}, Strategy::round_robin);
  const std::vector<std::uint32_t> ids = picks(fleet, 4'000);
  std::uint32_t row = 0;
  for (const std::uint32_t id : ids) {
    row = id == 0 ? row + 1 : 0;
    ASSERT_LE(row, 5U);
  }
  EXPECT_NEAR(std::count(ids.begin(), ids.end(), 0U), 3'000, 4);
}

TEST(RoundRobin, TheTurnMayWrap) {
  Fleet fleet({100, 200, 300}, Strategy::round_robin);
  fleet.turn = UINT32_MAX - 2;
  EXPECT_EQ(picks(fleet, 6).size(), 6U);
  EXPECT_EQ(fleet.turn, 3U);
}

}  // namespace
}  // namespace wp::balance
