#include "dataplane/balance/seal.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/ring_builder.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using testing::name_of;
using testing::replica_of;

// One pool of `count` replicas, not sealed yet.
Snapshot unsealed(std::uint32_t count) {
  Snapshot snapshot;
  snapshot.pools.resize(1);
  for (std::uint32_t i = 0; i < count; ++i) {
    snapshot.replicas.push_back(replica_of(i));
    snapshot.pools[0].members.push_back(static_cast<std::uint16_t>(i));
  }
  return snapshot;
}

std::vector<std::uint16_t> sorted_pickable(Snapshot& snapshot) {
  seal(snapshot);
  std::vector<std::uint16_t> pickable = snapshot.pools[0].pickable;
  std::sort(pickable.begin(), pickable.end());
  return pickable;
}

TEST(Seal, OnlyUpAndResolvedMembersArePickable) {
  Snapshot snapshot = unsealed(5);
  snapshot.replicas[0].state = ReplicaState::down;
  snapshot.replicas[2].state = ReplicaState::draining;
  snapshot.replicas[3].endpoints.clear();
  EXPECT_EQ(sorted_pickable(snapshot), (std::vector<std::uint16_t>{1, 4}));
  EXPECT_EQ(snapshot.pools[0].weight_sum, 200U);
}

// One pool that looks for what replicas hold is enough: which pool it is that serves a body is in the body.
TEST(Seal, KeysAreMadeForThePoolThatNeedsMost) {
  Snapshot snapshot;
  snapshot.pools.resize(2);
  seal(snapshot);
  EXPECT_EQ(snapshot.keys, prompt::Keys::always) << "warm is the default";
  for (const Strategy strategy : {Strategy::prefix, Strategy::session, Strategy::least_loaded, Strategy::round_robin}) {
    snapshot.pools[0].strategy = snapshot.pools[1].strategy = strategy;
    seal(snapshot);
    EXPECT_EQ(snapshot.keys, prompt::Keys::unnamed) << word(strategy);
    for (const Strategy needs : {Strategy::warm, Strategy::kv}) {
      snapshot.pools[1].strategy = needs;
      seal(snapshot);
      EXPECT_EQ(snapshot.keys, prompt::Keys::always) << word(strategy);
    }
  }
}

TEST(Seal, AHigherPriorityIsUsedOnlyWhenNoLowerOneIsLeft) {
  Snapshot snapshot = unsealed(5);
  snapshot.replicas[0].priority = 2;
  snapshot.replicas[1].priority = 1;
  snapshot.replicas[3].priority = 1;
  EXPECT_EQ(sorted_pickable(snapshot), (std::vector<std::uint16_t>{2, 4}));
  snapshot.replicas[2].state = ReplicaState::down;
  EXPECT_EQ(sorted_pickable(snapshot), (std::vector<std::uint16_t>{4}));
  snapshot.replicas[4].state = ReplicaState::down;
  EXPECT_EQ(sorted_pickable(snapshot), (std::vector<std::uint16_t>{1, 3}));
  snapshot.replicas[1].state = snapshot.replicas[3].state = ReplicaState::down;
  EXPECT_EQ(sorted_pickable(snapshot), (std::vector<std::uint16_t>{0}));
  snapshot.replicas[0].state = ReplicaState::down;
  EXPECT_TRUE(sorted_pickable(snapshot).empty());
  EXPECT_EQ(snapshot.pools[0].weight_sum, 0U);
}

TEST(Seal, TheLowestAndTheHighestPriorityAreLevels) {
  Snapshot snapshot = unsealed(2);
  snapshot.replicas[0].priority = 255;
  snapshot.replicas[1].state = ReplicaState::down;
  EXPECT_EQ(sorted_pickable(snapshot), (std::vector<std::uint16_t>{0}));
}

TEST(Seal, PoolsTakeOnlyTheirMembersAndMayShareThem) {
  Snapshot snapshot = unsealed(4);
  snapshot.pools.resize(2);
  snapshot.pools[0].members = {0, 1};
  snapshot.pools[1].members = {1, 3};
  snapshot.replicas[3].weight = 300;
  EXPECT_EQ(sorted_pickable(snapshot), (std::vector<std::uint16_t>{0, 1}));
  EXPECT_EQ(snapshot.pools[0].weight_sum, 200U);
  EXPECT_EQ(snapshot.pools[1].weight_sum, 400U);
}

TEST(Seal, CumulativeWeightsAreKeptOnlyWhenTheyAreUnequal) {
  Snapshot snapshot = unsealed(3);
  seal(snapshot);
  EXPECT_TRUE(snapshot.pools[0].cumulative.empty());
  snapshot.replicas[1].weight = 700;
  seal(snapshot);
  const Pool& pool = snapshot.pools[0];
  ASSERT_EQ(pool.cumulative.size(), 3U);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    sum += snapshot.replicas[pool.pickable[i]].weight;
    EXPECT_EQ(pool.cumulative[i], sum);
  }
  EXPECT_EQ(pool.weight_sum, 900U);
}

// The order does not depend on how the configuration lists them, and it is the order in which a ring numbers them.
TEST(Seal, TheHeaviestIsOneOfThosePickable) {
  Snapshot snapshot = unsealed(3);
  snapshot.replicas[0].weight = 300;
  snapshot.replicas[1].weight = 150;
  seal(snapshot);
  EXPECT_EQ(snapshot.pools[0].heaviest, 300U);
  snapshot.replicas[0].state = ReplicaState::down;
  seal(snapshot);
  EXPECT_EQ(snapshot.pools[0].heaviest, 150U);
}

TEST(Seal, PickableIsInTheOrderOfTheRing) {
  Snapshot snapshot = unsealed(20);
  seal(snapshot);
  Snapshot reversed = unsealed(20);
  std::reverse(reversed.pools[0].members.begin(), reversed.pools[0].members.end());
  seal(reversed);
  EXPECT_EQ(snapshot.pools[0].pickable, reversed.pools[0].pickable);

  const std::vector<RingMember> members = ring_members(snapshot, snapshot.pools[0]);
  ASSERT_EQ(members.size(), 20U);
  for (std::size_t i = 0; i < members.size(); ++i) {
    EXPECT_EQ(members[i].identity, ring_identity(snapshot.replicas[snapshot.pools[0].pickable[i]].name));
    EXPECT_TRUE(i == 0 || members[i - 1].identity < members[i].identity);
  }
}

// A replica that goes down renumbers those behind it, in the ring as in pickable: every key still finds by name the
// replica that it had, unless that is the one that left.
TEST(Seal, RenumberingKeepsEveryKeyAtItsReplica) {
  Snapshot snapshot = unsealed(9);
  RingBuilder builder(1'024);
  const auto first = [&](std::uint64_t key) {
    const Pool& pool = snapshot.pools[0];
    return snapshot.replicas[pool.pickable[pool.ring->order(key).front()]].name;
  };
  const auto publish = [&] {
    seal(snapshot);
    ASSERT_TRUE(builder.assign(ring_members(snapshot, snapshot.pools[0])));
    snapshot.pools[0].ring = builder.build();
  };
  publish();
  std::vector<std::string> before;
  for (std::uint64_t key = 0; key < 500; ++key) before.push_back(first(key));
  for (std::uint32_t down = 0; down < 9; ++down) {
    snapshot.replicas[down].state = ReplicaState::down;
    publish();
    for (std::uint64_t key = 0; key < 500; ++key) {
      if (before[key] != name_of(down)) {
        ASSERT_EQ(first(key), before[key]);
      } else {
        ASSERT_NE(first(key), before[key]);
      }
    }
    snapshot.replicas[down].state = ReplicaState::up;
  }
}

TEST(SealDeathTest, WrongReplicasAreAWrongProgram) {
  Snapshot twice = unsealed(2);
  twice.replicas[1].ref = twice.replicas[0].ref;
  EXPECT_DEATH(seal(twice), "assertion failed");
  Snapshot nameless = unsealed(1);
  nameless.replicas[0].ref.generation = 0;
  EXPECT_DEATH(seal(nameless), "assertion failed");
  Snapshot weightless = unsealed(1);
  weightless.replicas[0].weight = 0;
  EXPECT_DEATH(seal(weightless), "assertion failed");
  Snapshot astray = unsealed(1);
  astray.pools[0].members.push_back(1);
  EXPECT_DEATH(seal(astray), "assertion failed");
}

}  // namespace
}  // namespace wp::balance
