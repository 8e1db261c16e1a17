#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/pick.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using prompt::Rung;
using testing::Fleet;

constexpr std::uint32_t kRungBytes = 4'000;  // a thousand tokens from one rung to the next

// A pool of equal replicas, and prompts of which the first `common` rungs are everybody's.
class World {
 public:
  explicit World(std::uint32_t size) : fleet(size, Strategy::warm) {}

  Pick ask(std::uint64_t conversation, std::size_t rungs, std::size_t common = 0, std::uint64_t session = 0,
           std::span<const ReplicaRef> excluded = {}) {
    ladder_.clear();
    for (std::size_t i = 0; i < rungs; ++i) {
      const std::uint64_t whose = i < common ? 1 : 1'000 + conversation;
      ladder_.push_back({mix64(mix64(whose) + i), static_cast<std::uint32_t>((i + 1) * kRungBytes)});
    }
    PickInput input = fleet.input(session, 1, excluded);
    fleet.features.ladder = ladder_;
    fleet.features.canonical_bytes = rungs * kRungBytes;
    fleet.features.estimated_tokens = static_cast<std::uint32_t>(rungs) * 1'000;
    return pick(input);
  }
  // The same, and it is sent there.
  Pick send(std::uint64_t conversation, std::size_t rungs, std::size_t common = 0, std::uint64_t session = 0) {
    const Pick picked = ask(conversation, rungs, common, session);
    remember(fleet.input_again(), picked);
    return picked;
  }

  Fleet fleet;

 private:
  std::vector<Rung> ladder_;
};

TEST(Warm, WhoHoldsThePromptGetsIt) {
  World w(8);
  const Pick first = w.send(7, 10);
  EXPECT_EQ(first.decision, Reason::prefix);
  EXPECT_EQ(first.cached, 0U);
  const Pick second = w.ask(7, 12);
  EXPECT_EQ(second.replica, first.replica);
  EXPECT_EQ(second.decision, Reason::resident);
  EXPECT_EQ(second.cached, 10'000U);
  EXPECT_EQ(uncached_tokens(w.fleet.input_again(), second), 2'000U);
}

TEST(Warm, ATurnsEndIsRecognisedBetweenTheRungs) {
  World w(8);
  const Pick first = w.ask(7, 2);
  const Rung end[] = {{mix64(555), 2 * kRungBytes + 3'000}};
  w.fleet.features.ends = end;
  remember(w.fleet.input_again(), first);
  w.fleet.features.ends = {};
  const Pick without = w.ask(7, 4);
  EXPECT_EQ(without.cached, 2'000U);
  w.fleet.features.ends = end;
  EXPECT_EQ(pick(w.fleet.input_again()).cached, 2'750U);
}

TEST(Warm, AHolderWithALongQueueIsPassedOver) {
  World w(8);
  const std::uint32_t holder = w.send(7, 10).replica->ref.id;
  w.fleet.load(holder, 15'000);
  EXPECT_EQ(w.ask(7, 10).replica->ref.id, holder);  // 10,000 cached tokens are worth the wait
  w.fleet.load(holder, 15'000);
  const Pick elsewhere = w.ask(7, 10);
  EXPECT_NE(elsewhere.replica->ref.id, holder);
  EXPECT_EQ(elsewhere.cached, 0U);
  w.fleet.now = w.fleet.now + seconds(3);  // and that much is prefilled in the meantime
  EXPECT_EQ(w.ask(7, 10).replica->ref.id, holder);
}

// What is prefilled twice keeps all behind it waiting.
TEST(Warm, AHolderIsWaitedForLongerWhileEverybodyIsBusy) {
  World w(4);
  const std::uint32_t holder = w.send(7, 10).replica->ref.id;
  w.fleet.load(holder, 30'000);
  EXPECT_NE(w.ask(7, 10).replica->ref.id, holder);
  for (std::uint32_t id = 0; id < 4; ++id) w.fleet.load(id, 10'000);
  EXPECT_EQ(w.ask(7, 10).replica->ref.id, holder);
}

// An LRU cache puts what is found in it before all else.
TEST(Warm, WhatIsSentAgainAgesTheOthers) {
  World w(2);
  const Pick first = w.send(7, 10);
  w.fleet.load(first.replica->ref.id == 0 ? 1 : 0, 1'000'000);
  for (int i = 0; i < 10; ++i) w.send(8, 10);  // 10,000 tokens, then nearly none
  const Pick again = w.ask(7, 10);
  ASSERT_EQ(again.replica, first.replica);
  EXPECT_NEAR(again.age, 10'000 + 9 * 3'000, 512);
}

TEST(Warm, OfTwoHoldersTheOneWithLessToDo) {
  World w(8);
  const std::uint32_t first = w.send(7, 10).replica->ref.id;
  w.fleet.load(first, 50'000);
  const std::uint32_t second = w.send(7, 10).replica->ref.id;
  ASSERT_NE(first, second);
  w.fleet.held.clear();
  w.fleet.load(first, 10'000);
  EXPECT_EQ(w.ask(7, 10).replica->ref.id, second);
  w.fleet.load(second, 15'000);
  EXPECT_EQ(w.ask(7, 10).replica->ref.id, first);
}

TEST(Warm, ANewSessionGoesToItsPlaceOnTheRing) {
  World w(8);
  for (std::uint64_t session = 1; session <= 50; ++session) {
    const Pick picked = w.ask(session, 3, 0, mix64(session));
    EXPECT_EQ(picked.replica->ref.id, w.fleet.walk(mix64(session))[0]);
    EXPECT_EQ(picked.decision, Reason::session);
  }
}

// Hashed by their beginning all of these would fall on one replica.
TEST(Warm, WhatEverybodySendsSaysNothingAboutWhereToGo) {
  World w(8);
  for (std::uint64_t conversation = 0; conversation < 40; ++conversation) w.send(conversation, 3, 2);
  std::set<std::uint64_t> places;
  for (std::uint64_t conversation = 100; conversation < 140; ++conversation) {
    const Pick picked = w.ask(conversation, 3, 2);
    const std::uint64_t own = mix64(mix64(1'000 + conversation) + 2);
    places.insert(w.fleet.walk(own)[0]);
    // Its own beginning leads to the ring's place for it, or where the common part is held already.
    EXPECT_TRUE(picked.replica->ref.id == w.fleet.walk(own)[0] || picked.decision == Reason::resident);
  }
  EXPECT_GT(places.size(), 4U);
}

TEST(Warm, WorkIsRememberedForAWhile) {
  World w(2);
  const std::uint32_t home = w.fleet.walk(mix64(9))[0];
  w.fleet.load(home, 60'000);
  w.fleet.held.clear();  // it has ended: nothing is under way
  w.fleet.now = w.fleet.now + seconds(20);
  EXPECT_NE(w.ask(9, 1, 0, mix64(9)).replica->ref.id, home);
  w.fleet.now = w.fleet.now + seconds(3'600);
  EXPECT_EQ(w.ask(9, 1, 0, mix64(9)).replica->ref.id, home);
}

TEST(Warm, OverABoundItSpills) {
  World w(4);
  w.fleet.pool().bounds = {.factor = 1.25, .prefill_floor = 262'144, .streams_floor = 4};
  const std::uint32_t holder = w.send(7, 10).replica->ref.id;
  w.fleet.load(holder, 0, 20);
  const Pick spilled = w.ask(7, 10);
  EXPECT_NE(spilled.replica->ref.id, holder);
  EXPECT_EQ(spilled.decision, Reason::spill);
}

TEST(Warm, WithEveryBoundExceededTheCheapestIsTaken) {
  World w(4);
  w.fleet.pool().bounds = {.factor = 0, .prefill_floor = 10, .streams_floor = 4};
  const std::uint32_t holder = w.send(7, 10).replica->ref.id;
  for (std::uint32_t id = 0; id < 4; ++id) w.fleet.load(id, 100, 20);
  const Pick picked = w.ask(7, 10);
  EXPECT_EQ(picked.replica->ref.id, holder);
  EXPECT_EQ(picked.decision, Reason::saturated);
  EXPECT_EQ(picked.cached, 10'000U);
}

TEST(Warm, WhoLeftOrFailedHoldsNothing) {
  World w(4);
  const Replica& holder = *w.send(7, 10).replica;
  const ReplicaRef excluded[] = {holder.ref};
  const Pick retried = w.ask(7, 10, 0, 0, excluded);
  EXPECT_NE(retried.replica, &holder);
  EXPECT_NE(retried.decision, Reason::resident);
  const std::uint32_t id = holder.ref.id;
  w.fleet.snapshot.replicas[id].state = ReplicaState::draining;
  w.fleet.reseal();
  EXPECT_NE(w.ask(7, 10).replica->ref.id, id);
}

TEST(Warm, ALargerReplicaTakesMore) {
  World w(2);
  w.fleet.snapshot.replicas[0].weight = 300;
  w.fleet.reseal();
  w.fleet.load(0, 20'000);
  w.fleet.load(1, 10'000);  // less, but it needs three times as long
  EXPECT_EQ(w.ask(1, 1).replica->ref.id, 0U);
}

TEST(Warm, WithoutAPromptItIsTheRing) {
  World w(8);
  const std::uint64_t session = mix64(3);
  const Pick picked = pick(w.fleet.input(session));
  EXPECT_EQ(picked.replica->ref.id, w.fleet.walk(session)[0]);
  EXPECT_EQ(picked.decision, Reason::session);
}

// Whatever the fleet, what is picked may be picked, and is within its bounds where anybody is.
TEST(Warm, AlwaysPicksWhatMayBePicked) {
  Rng rng(5);
  for (const std::uint32_t size : {2U, 3U, 17U, 100U}) {
    World w(size);
    for (std::uint32_t i = 0; i < size; i += 3) w.fleet.snapshot.replicas[i].state = ReplicaState::down;
    w.fleet.reseal();
    for (int i = 0; i < 300; ++i) {
      const Pick picked = w.send(rng.below(20), 1 + rng.below(6), 1);
      ASSERT_NE(picked.replica, nullptr);
      EXPECT_TRUE(picked.replica->pickable());
      EXPECT_LE(picked.cached, w.fleet.features.estimated_tokens);
      if (rng.chance(0.3)) w.fleet.load(picked.replica->ref.id, rng.below(40'000));
      if (rng.chance(0.1)) w.fleet.held.clear();
    }
  }
}

}  // namespace
}  // namespace wp::balance
