#include "dataplane/balance/explain.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using testing::Fleet;

std::vector<std::uint32_t> places(const Explanation& told) {
  std::vector<std::uint32_t> ids;
  for (const Considered& entry : told.considered) {
    if (entry.place) ids.push_back(entry.replica->ref.id);
  }
  return ids;
}

TEST(Explain, PicksAsPickDoesAndChargesNothing) {
  Fleet fleet(12);
  fleet.load(3, 500'000, 90);
  for (std::uint64_t session = 1; session < 200; ++session) {
    const Explanation told = explain(fleet.input(session));
    const Pick picked = pick(fleet.input(session));
    ASSERT_EQ(told.pick.replica, picked.replica);
    EXPECT_EQ(told.pick.decision, picked.decision);
    EXPECT_EQ(told.key_kind, KeyKind::session);
    EXPECT_EQ(told.key, session);
    EXPECT_EQ(places(told), fleet.walk(session));
    EXPECT_EQ(told.considered.size(), 12U) << "those beyond the walk are shown, too";
  }
  EXPECT_EQ(fleet.accounts.load(0).streams, 0U);
}

TEST(Explain, BoundsAreThoseThatThePickGoesBy) {
  Fleet fleet({100, 300, 50}, Strategy::prefix);
  for (std::uint32_t streams = 0; streams < 120; ++streams) {
    fleet.load(streams % 3, streams * 1001, 1 + streams % 2);
    const Load total = fleet.accounts.total(0);
    const Explanation told = explain(fleet.input(streams + 1));
    for (const Considered& entry : told.considered) {
      EXPECT_EQ(entry.within, Accounts::within(fleet.pool().bounds, entry.load, total, entry.replica->weight,
                                               fleet.pool().weight_sum));
    }
  }
}

TEST(Explain, WhoCannotBePickedIsShownBehindTheWalk) {
  Fleet fleet(4);
  fleet.snapshot.replicas[2].state = ReplicaState::draining;
  fleet.reseal();
  const Explanation told = explain(fleet.input(0, 7));
  EXPECT_EQ(told.key_kind, KeyKind::first_chunk);
  ASSERT_EQ(told.considered.size(), 4U);
  EXPECT_EQ(places(told).size(), 3U);
  EXPECT_EQ(told.considered.back().replica->ref.id, 2U);
  EXPECT_FALSE(told.considered.back().place);
  for (Replica& replica : fleet.snapshot.replicas) replica.state = ReplicaState::down;
  fleet.reseal();
  const Explanation nobody = explain(fleet.input(0, 7));
  EXPECT_EQ(nobody.pick.replica, nullptr);
  EXPECT_EQ(nobody.considered.size(), 4U);
}

TEST(Explain, TheOnlyOneHasItsPlace) {
  Fleet fleet(1);
  const Explanation told = explain(fleet.input(5));
  EXPECT_EQ(told.pick.decision, Reason::only_one);
  EXPECT_EQ(places(told).size(), 1U);
}

TEST(Explain, WarmTellsWhomItWeighedAndWhatEachWouldCost) {
  Fleet fleet(12, Strategy::warm);
  const prompt::Rung ladder[] = {{.hash = 77, .end = 200}, {.hash = 78, .end = 400}};
  fleet.features.ladder = ladder;
  fleet.features.canonical_bytes = 400;
  fleet.features.estimated_tokens = 100;
  const Pick first = pick(fleet.input_again());
  remember(fleet.input_again(), first);
  const Explanation told = explain(fleet.input_again());
  EXPECT_EQ(told.key_kind, KeyKind::rung);
  EXPECT_EQ(told.key, 77U);
  EXPECT_EQ(told.pick.replica, first.replica);
  EXPECT_EQ(told.pick.decision, Reason::resident);
  double least = 1e9;
  for (const Considered& entry : told.considered) {
    if (entry.estimate) least = std::min(least, entry.estimate->cost);
  }
  const auto chosen = std::ranges::find(told.considered, told.pick.replica, &Considered::replica);
  ASSERT_TRUE(chosen->estimate);
  EXPECT_EQ(chosen->estimate->cached, 100U);
  EXPECT_EQ(chosen->estimate->cost, least);
}

TEST(Explain, AStrategyThatAsksNoRingHasNoKey) {
  Fleet fleet(3, Strategy::round_robin);
  fleet.pool().ring = nullptr;
  const Explanation told = explain(fleet.input(9));
  EXPECT_EQ(told.key_kind, KeyKind::none);
  EXPECT_TRUE(places(told).empty());
  EXPECT_EQ(told.considered.size(), 3U);
}

TEST(Explain, OfALargePoolSomeAreLeftOut) {
  Fleet fleet(100);
  const Explanation told = explain(fleet.input(9));
  EXPECT_EQ(told.considered.size(), Explanation::kMost);
  EXPECT_EQ(told.left_out, 36U);
}

TEST(Explain, WhatAStrategyWeighedIsKeptWithItsPlace) {
  Fleet fleet(12);
  Explanation told;
  told.weighed(fleet.replica(4), {.cached = 100, .queue = 7, .cost = 1});
  told.weighed(fleet.replica(4), {.cached = 200, .queue = 7, .cost = 2});
  ASSERT_EQ(told.considered.size(), 1U);
  EXPECT_EQ(told.considered[0].estimate->cached, 200U);
}

}  // namespace
}  // namespace wp::balance
