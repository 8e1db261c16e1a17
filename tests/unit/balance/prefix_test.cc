#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/pick.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using testing::Fleet;

constexpr std::uint64_t kSession = 4242;

// Puts a replica over its prefill bound, and one token more than any other was given so far.
void overload(Fleet& fleet, std::uint32_t id) {
  fleet.load(id, 1'000'000 + static_cast<std::uint32_t>(fleet.held.size()));
}

// A bound that is always the floor, so that a test decides who is over.
Fleet fleet_with_floor(std::uint32_t size) {
  Fleet fleet(size);
  fleet.pool().bounds = {.factor = 0, .prefill_floor = 65'536, .streams_floor = 16};
  return fleet;
}

TEST(Prefix, ASessionKeepsItsReplicaWhateverThePrompt) {
  Fleet fleet(8);
  const std::uint32_t expected = fleet.walk(kSession).front();
  for (std::uint64_t chunk = 1; chunk < 50; ++chunk) {
    const Pick picked = pick(fleet.input(kSession, chunk));
    ASSERT_EQ(picked.replica->ref.id, expected);
    ASSERT_EQ(picked.decision, Reason::session);
  }
}

TEST(Prefix, WithoutASessionTheFirstChunkDecides) {
  Fleet fleet(8);
  std::set<std::uint32_t> seen;
  for (std::uint64_t chunk = 1; chunk < 100; ++chunk) {
    const Pick picked = pick(fleet.input(0, chunk));
    ASSERT_EQ(picked.replica->ref.id, fleet.walk(chunk).front());
    ASSERT_EQ(picked.decision, Reason::prefix);
    seen.insert(picked.replica->ref.id);
  }
  EXPECT_EQ(seen.size(), 8U);
}

TEST(Prefix, WithoutAnyKeyTheLeastLoadedIsTaken) {
  Fleet fleet(8);
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 8; ++i) {
    const Pick picked = pick(fleet.input(0, 0));
    ASSERT_EQ(picked.decision, Reason::least_loaded);
    seen.insert(picked.replica->ref.id);
  }
  EXPECT_EQ(seen.size(), 8U) << "one slot does not get them all";
}

TEST(Prefix, SpillsAlongTheWalkWhileThoseBeforeAreOverTheirBound) {
  Fleet fleet = fleet_with_floor(12);
  const std::vector<std::uint32_t> walk = fleet.walk(kSession);
  ASSERT_EQ(walk.size(), kRingDepth);
  for (std::size_t i = 0; i < walk.size(); ++i) {
    const Pick picked = pick(fleet.input(kSession));
    ASSERT_EQ(picked.replica->ref.id, walk[i]);
    ASSERT_EQ(picked.decision, i == 0 ? Reason::session : Reason::spill);
    overload(fleet, walk[i]);
  }
  EXPECT_EQ(pick(fleet.input(kSession)).decision, Reason::saturated);
}

TEST(Prefix, ComesBackWhenTheBoundAllowsIt) {
  Fleet fleet = fleet_with_floor(8);
  const std::vector<std::uint32_t> walk = fleet.walk(kSession);
  overload(fleet, walk[0]);
  EXPECT_EQ(pick(fleet.input(kSession)).replica->ref.id, walk[1]);
  fleet.held.front().release_prefill();
  const Pick picked = pick(fleet.input(kSession));
  EXPECT_EQ(picked.replica->ref.id, walk[0]);
  EXPECT_EQ(picked.decision, Reason::session);
}

TEST(Prefix, EitherAccountOverItsBoundSpills) {
  Fleet by_prefill(8);
  const std::vector<std::uint32_t> walk = by_prefill.walk(kSession);
  by_prefill.load(walk[0], static_cast<std::uint32_t>(Bounds{}.prefill_floor));
  EXPECT_EQ(pick(by_prefill.input(kSession)).replica->ref.id, walk[0]) << "at the bound is within";
  by_prefill.load(walk[0], 1);
  EXPECT_EQ(pick(by_prefill.input(kSession)).replica->ref.id, walk[1]);

  Fleet by_streams(8);
  by_streams.load(walk[0], 0, Bounds{}.streams_floor);
  EXPECT_EQ(pick(by_streams.input(kSession)).replica->ref.id, walk[0]);
  by_streams.load(walk[0], 0);
  EXPECT_EQ(pick(by_streams.input(kSession)).replica->ref.id, walk[1]);
}

// Twice the mean is over 1.25 times the share of an equal, and within that of one of double weight.
TEST(Prefix, TheBoundFollowsTheWeight) {
  for (const std::uint32_t weight : {100U, 250U}) {
    std::vector<std::uint32_t> weights(8, 100);
    const std::uint32_t head = Fleet(weights, Strategy::prefix).walk(kSession)[0];
    weights[head] = weight;
    Fleet fleet(weights, Strategy::prefix);
    fleet.pool().bounds.streams_floor = 1;
    ASSERT_EQ(fleet.walk(kSession)[0], head) << "more weight keeps the slot";
    for (std::uint32_t id = 0; id < 8; ++id) fleet.load(id, 0, id == head ? 20 : 10);
    EXPECT_EQ(pick(fleet.input(kSession)).decision, weight == 100 ? Reason::spill : Reason::session);
  }
}

TEST(Prefix, SaturatedTakesTheCheapestOfASmallPool) {
  Fleet fleet = fleet_with_floor(8);
  for (std::uint32_t id = 0; id < 8; ++id) fleet.load(id, id == 5 ? 100'000 : 200'000 + id);
  for (std::uint64_t session = 1; session < 20; ++session) {
    const Pick picked = pick(fleet.input(session));
    ASSERT_EQ(picked.replica->ref.id, 5U);
    ASSERT_EQ(picked.decision, Reason::saturated);
  }
}

TEST(Prefix, SaturatedWeighsTheLoadByWeight) {
  Fleet fleet({100, 100, 400, 100}, Strategy::prefix);
  fleet.pool().bounds = {.factor = 0, .prefill_floor = 0, .streams_floor = 0};
  for (std::uint32_t id = 0; id < 4; ++id) fleet.load(id, id == 2 ? 300'000 : 100'000);
  EXPECT_EQ(pick(fleet.input(kSession)).replica->ref.id, 2U) << "300,000 over 400 is less than 100,000 over 100";
}

// All of the walk is over and the rest of the pool idle: the samples find some of the rest.
TEST(Prefix, SaturatedAlsoLooksBeyondTheWalk) {
  Fleet fleet = fleet_with_floor(64);
  const std::vector<std::uint32_t> walk = fleet.walk(kSession);
  for (const std::uint32_t id : walk) overload(fleet, id);
  std::set<std::uint32_t> taken;
  for (int i = 0; i < 50; ++i) {
    const Pick picked = pick(fleet.input(kSession));
    ASSERT_EQ(picked.decision, Reason::saturated);
    taken.insert(picked.replica->ref.id);
  }
  std::erase_if(taken, [&](std::uint32_t id) { return std::find(walk.begin(), walk.end(), id) != walk.end(); });
  EXPECT_GT(taken.size(), 20U) << "and not always the same";
}

TEST(Prefix, ExcludedOnesAreSteppedOver) {
  Fleet fleet(8);
  const std::vector<std::uint32_t> walk = fleet.walk(kSession);
  std::vector<ReplicaRef> excluded;
  for (std::size_t i = 0; i < 8; ++i) {
    const Pick picked = pick(fleet.input(kSession, 1, excluded));
    ASSERT_EQ(picked.replica->ref.id, walk[i]);
    ASSERT_EQ(picked.decision, i == 0 ? Reason::session : Reason::spill);
    excluded.push_back(picked.replica->ref);
  }
  const Pick none = pick(fleet.input(kSession, 1, excluded));
  EXPECT_EQ(none.replica, nullptr);
  EXPECT_EQ(none.decision, Reason::none);
}

TEST(Prefix, AnEarlierHolderOfAnIdIsNotExcluded) {
  Fleet fleet(8);
  const std::uint32_t head = fleet.walk(kSession)[0];
  const ReplicaRef earlier[] = {{head, 9}};
  EXPECT_EQ(pick(fleet.input(kSession, 1, earlier)).replica->ref.id, head);
}

// Saturated picks obey the exclusion too; the last one standing is found even if no sample hits it.
TEST(Prefix, TheLastOneStandingIsFoundBeyondTheWalk) {
  Fleet fleet(40);
  for (std::uint32_t last = 0; last < 40; ++last) {
    std::vector<ReplicaRef> excluded;
    for (std::uint32_t id = 0; id < 40; ++id) {
      if (id != last) excluded.push_back({id, 1});
    }
    const Pick picked = pick(fleet.input(kSession, 1, excluded));
    ASSERT_NE(picked.replica, nullptr);
    ASSERT_EQ(picked.replica->ref.id, last);
  }
}

TEST(PrefixDeathTest, APoolWithoutItsRingIsAWrongProgram) {
  Fleet fleet(4);
  fleet.pool().ring = nullptr;
  EXPECT_DEATH(static_cast<void>(pick(fleet.input(kSession))), "assertion failed");
  Fleet stale(4);
  stale.pool().pickable.pop_back();
  EXPECT_DEATH(static_cast<void>(pick(stale.input(kSession))), "assertion failed");
}

}  // namespace
}  // namespace wp::balance
