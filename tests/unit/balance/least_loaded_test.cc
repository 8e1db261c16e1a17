#include <cstdint>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/pick.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using testing::Fleet;

std::uint32_t pick_id(Fleet& fleet, std::span<const ReplicaRef> excluded = {}) {
  const Pick picked = pick(fleet.input(1, 1, excluded), Strategy::least_loaded);
  EXPECT_NE(picked.replica, nullptr);
  EXPECT_EQ(picked.decision, Reason::least_loaded);
  return picked.replica->ref.id;
}

TEST(LeastLoaded, TakesTheLeastPrefill) {
  for (const std::uint32_t size : {2U, 8U, 16U}) {
    for (std::uint32_t least = 0; least < size; ++least) {
      Fleet fleet(size, Strategy::least_loaded);
      for (std::uint32_t id = 0; id < size; ++id) fleet.load(id, id == least ? 500 : 501 + id);
      for (std::uint32_t i = 0; i < size; ++i) ASSERT_EQ(pick_id(fleet), least);
    }
  }
}

TEST(LeastLoaded, StreamsDecideBetweenEqualPrefills) {
  Fleet fleet(8, Strategy::least_loaded);
  for (std::uint32_t id = 0; id < 8; ++id) fleet.load(id, 100, id == 3 ? 1 : 2);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(pick_id(fleet), 3U);
}

TEST(LeastLoaded, LoadCountsByWeight) {
  Fleet fleet({100, 300, 100}, Strategy::least_loaded);
  fleet.load(0, 1'000);
  fleet.load(1, 2'999);
  fleet.load(2, 1'000);
  EXPECT_EQ(pick_id(fleet), 1U);
  fleet.load(1, 2);
  EXPECT_NE(pick_id(fleet), 1U);

  Fleet streams({100, 300}, Strategy::least_loaded);
  streams.load(0, 0, 2);
  streams.load(1, 0, 5);
  EXPECT_EQ(pick_id(streams), 1U);
}

TEST(LeastLoaded, EqualsShareInTurn) {
  for (const std::uint32_t size : {2U, 5U, 16U}) {
    Fleet fleet(size, Strategy::least_loaded);
    std::map<std::uint32_t, int> counts;
    for (std::uint32_t i = 0; i < 10 * size; ++i) ++counts[pick_id(fleet)];
    ASSERT_EQ(counts.size(), size);
    for (const auto& [id, count] : counts) EXPECT_EQ(count, 10) << id;
  }
}

TEST(LeastLoaded, ExcludedOnesAreNotTaken) {
  Fleet fleet(4, Strategy::least_loaded);
  for (std::uint32_t id = 0; id < 4; ++id) fleet.load(id, 100 * (id + 1));
  std::vector<ReplicaRef> excluded;
  for (std::uint32_t id = 0; id < 4; ++id) {
    EXPECT_EQ(pick_id(fleet, excluded), id);
    excluded.push_back({id, 1});
  }
  EXPECT_EQ(pick(fleet.input(1, 1, excluded), Strategy::least_loaded).replica, nullptr);
}

// With one busy among 100, the busy one is never taken.
TEST(LeastLoaded, ALargePoolTakesTheBestOfItsSamples) {
  Fleet fleet(100, Strategy::least_loaded);
  fleet.load(17, 1'000);
  std::map<std::uint32_t, int> counts;
  for (int i = 0; i < 20'000; ++i) ++counts[pick_id(fleet)];
  EXPECT_FALSE(counts.contains(17));
  EXPECT_EQ(counts.size(), 99U);
  for (const auto& [id, count] : counts) EXPECT_NEAR(count, 202, 80) << id;
}

// With one idle among 100 busy ones, four samples find it in 4 of 100 picks: more would be a scan, fewer a lesser rule.
TEST(LeastLoaded, ALargePoolLooksAtFour) {
  Fleet fleet(100, Strategy::least_loaded);
  for (std::uint32_t id = 0; id < 100; ++id) {
    if (id != 42) fleet.load(id, 1'000);
  }
  int found = 0;
  for (int i = 0; i < 20'000; ++i) found += pick_id(fleet) == 42 ? 1 : 0;
  EXPECT_NEAR(found, 800, 120);
}

// Of 17 replicas of different load, the best of four different ones is never among the three fullest. Drawn with
// repetition it would be about 20 times here.
TEST(LeastLoaded, SamplesAreDifferent) {
  Fleet fleet(17, Strategy::least_loaded);
  for (std::uint32_t id = 0; id < 17; ++id) fleet.load(id, 100 + id);
  for (int i = 0; i < 20'000; ++i) ASSERT_LT(pick_id(fleet), 14U);
}

// Loads that stay: the fullest of 200 after 20 requests each is near the mean, where blind draws would be far off it.
TEST(LeastLoaded, ALargePoolStaysLevel) {
  Fleet fleet(200, Strategy::least_loaded);
  for (int i = 0; i < 4'000; ++i) fleet.load(pick_id(fleet), 1);
  for (std::uint32_t id = 0; id < 200; ++id) {
    EXPECT_NEAR(fleet.accounts.load(id).streams, 20, 3) << id;
  }
}

TEST(LeastLoaded, TheLastOneStandingOfALargePoolIsFound) {
  Fleet fleet(100, Strategy::least_loaded);
  std::vector<ReplicaRef> excluded;
  for (std::uint32_t id = 0; id < 100; ++id) {
    if (id != 63) excluded.push_back({id, 1});
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(pick_id(fleet, excluded), 63U);
  excluded.push_back({63, 1});
  EXPECT_EQ(pick(fleet.input(1, 1, excluded), Strategy::least_loaded).replica, nullptr);
}

}  // namespace
}  // namespace wp::balance
