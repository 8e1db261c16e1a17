#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/explain.h"
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
  EXPECT_EQ(pick(w.fleet.input_again()).cached, 2'736U);  // whole blocks
}

// Of a text that grows: the rung before its end, and how long it is, are all that is known of it.
class Text {
 public:
  explicit Text(World& world) : world_(world) {}

  Pick ask(std::uint32_t bytes, std::uint64_t next_rung = 0) {
    ladder_ = {{mix64(1), kRungBytes, true}, {mix64(2), 2 * kRungBytes, true}};
    if (next_rung != 0) ladder_.push_back({next_rung, 3 * kRungBytes, true});
    end_ = {mix64(bytes), bytes};
    world_.ask(0, 1);  // the input is made anew
    prompt::Features& features = world_.fleet.features;
    features.ladder = ladder_;
    features.ends = {&end_, 1};
    features.canonical_bytes = bytes;
    features.estimated_tokens = bytes / 4;
    return pick(world_.fleet.input_again());
  }
  Pick send(std::uint32_t bytes, std::uint64_t next_rung = 0) {
    const Pick picked = ask(bytes, next_rung);
    remember(world_.fleet.input_again(), picked);
    return picked;
  }

 private:
  World& world_;
  std::vector<Rung> ladder_;
  Rung end_;
};

TEST(Warm, AllOfTheTextThatGoesOnIsTakenToBeCached) {
  World w(8);
  Text text(w);
  EXPECT_EQ(text.send(2 * kRungBytes + 1'200).cached, 0U);
  // 9,200 bytes are 2,300 tokens: 143 blocks of 16 and a part of one.
  EXPECT_EQ(text.ask(2 * kRungBytes + 1'600).cached, 2'300U - 2'300U % 16);
  EXPECT_EQ(text.ask(3 * kRungBytes + 400, mix64(3)).cached, 2'300U - 2'300U % 16);
  // One that is shorter has not that end: half of the way from the last rung to its own.
  EXPECT_EQ(text.ask(2 * kRungBytes + 800).cached, 2'096U);
}

TEST(Warm, RepliesTellWhatATextComesTo) {
  World w(8);
  Text text(w);
  const Pick first = text.send(2 * kRungBytes + 1'200);
  const ReplicaRef replica = first.replica->ref;
  learn(w.fleet.residency, {.replica = replica,
                            .canonical_bytes = 2 * kRungBytes + 1'200,
                            .last_rung = last_rung(w.fleet.features),
                            .prompt_tokens = 2'313,
                            .cached_tokens = 0});
  // 2,313 tokens are 144 blocks and 9; 100 more are estimated.
  const Pick second = text.ask(2 * kRungBytes + 1'600);
  EXPECT_EQ(uncached_tokens(w.fleet.input_again(), second), 100U + 9U);
  for (const std::uint32_t cached : {1'024U, 512U, 0U, 2'048U}) {
    learn(w.fleet.residency, {.replica = replica, .prompt_tokens = 4'000, .cached_tokens = cached});
  }
  const Pick third = text.ask(2 * kRungBytes + 1'600);
  ASSERT_EQ(third.replica->ref, replica);
  EXPECT_EQ(uncached_tokens(w.fleet.input_again(), third), 100U + 2'313U % 512);
}

TEST(Warm, WhereManyTextsPartNobodyKnowsWhichGoesOn) {
  World w(8);
  Text text(w);
  for (std::uint64_t i = 0; i < 12; ++i) text.send(3 * kRungBytes + 400, mix64(100 + i));
  text.send(2 * kRungBytes + 1'200);
  EXPECT_EQ(text.ask(2 * kRungBytes + 1'600).cached, (2'000U + 200U) / 16 * 16);
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

// Eight draws of eight places are uneven, and where nobody waits nothing else spreads what comes.
TEST(Warm, WhatIsNewGoesOnAlongTheRingWhereItsHomeWasGivenTooMuch) {
  World w(8);
  const std::uint64_t session = mix64(5);
  const std::vector<std::uint32_t> walk = w.fleet.walk(session);
  const auto place = [&] { return w.ask(1, 3, 0, session).replica->ref.id; };
  const auto give = [&](std::uint32_t id, std::uint32_t tokens = 20'000) {
    w.fleet.load(id, tokens);
    w.fleet.held.clear();
    w.fleet.now = w.fleet.now + seconds(900);  // long done, and gone from the faint memory of work
  };
  EXPECT_EQ(place(), walk[0]);
  give(walk[0], 2'000);
  EXPECT_EQ(place(), walk[0]) << "a few short prompts are not too much";
  give(walk[0]);
  EXPECT_EQ(place(), walk[1]);
  give(walk[1]);
  EXPECT_TRUE(place() != walk[0] && place() != walk[1]);
  for (std::size_t i = 2; i < walk.size(); ++i) give(walk[i]);
  EXPECT_EQ(place(), walk[0]);
}

TEST(Warm, ASessionStaysWhereItLivesHoweverMuchThatWasGiven) {
  World w(8);
  const std::uint64_t session = mix64(5);
  const std::uint32_t home = w.fleet.walk(session)[0];
  ASSERT_EQ(w.send(1, 6, 0, session).replica->ref.id, home);
  w.fleet.load(home, 10'000);  // more than what it holds of ten is worth, were it not at home
  EXPECT_EQ(w.ask(1, 10, 0, session).replica->ref.id, home);
}

// What it holds makes it the cheapest of all as long as it is the home, which it no longer is.
TEST(Warm, AHomeThatWasGivenTooMuchIsLeftByWhomItHoldsLittleOf) {
  const auto stays = [](std::size_t held, bool overworked) {
    World w(8);
    const std::uint64_t session = mix64(5);
    const std::vector<std::uint32_t> walk = w.fleet.walk(session);
    EXPECT_EQ(w.send(1, held, 0, session).replica->ref.id, walk[0]);
    const Receipt receipt{.replica = {walk[0], 1}, .known_cached = 0, .prompt_tokens = 10'000, .cached_tokens = 8'192};
    for (int i = 0; i < 20; ++i) learn(w.fleet.residency, receipt);  // the place is worth all of the prompt
    w.fleet.load(walk[overworked ? 0 : 7], 20'000);
    w.fleet.held.clear();
    w.fleet.now = w.fleet.now + seconds(900);
    const std::uint32_t id = w.ask(1, 10, 0, session).replica->ref.id;
    EXPECT_TRUE(id == walk[0] || id == walk[1]);
    return id == walk[0];
  };
  EXPECT_FALSE(stays(4, true));
  EXPECT_TRUE(stays(4, false));
  EXPECT_TRUE(stays(6, true)) << "whoever holds most of it is at home there";
}

// A few hold it, and the ring spreads it to more.
TEST(Warm, WhatEverybodySendsKeepsItsPlacesHoweverMuchTheyWereGiven) {
  const auto leaves_its_place = [](std::size_t common) {
    World w(8);
    for (std::uint64_t conversation = 0; conversation < 40; ++conversation) w.send(conversation, 5, common);
    const std::uint32_t home = w.fleet.walk(mix64(5))[0];
    const Receipt receipt{.replica = {home, 1}, .known_cached = 0, .prompt_tokens = 10'000, .cached_tokens = 8'192};
    for (int i = 0; i < 20; ++i) learn(w.fleet.residency, receipt);  // the place is worth all of the prompt
    w.fleet.load(home, 10'000);
    w.fleet.held.clear();
    w.fleet.now = w.fleet.now + seconds(900);
    return w.ask(100, 4, common, mix64(5)).replica->ref.id != home;
  };
  EXPECT_TRUE(leaves_its_place(1));
  EXPECT_FALSE(leaves_its_place(2));
}

TEST(Warm, AHomeMayBeGivenMoreTheMoreOthersSend) {
  const auto leaves_its_place = [](std::uint32_t cached, std::uint32_t known) {
    World w(8);
    const std::vector<std::uint32_t> walk = w.fleet.walk(mix64(5));
    const Receipt receipt{
        .replica = {walk[0], 1}, .known_cached = known, .prompt_tokens = 10'000, .cached_tokens = cached};
    for (int i = 0; i < 20; ++i) learn(w.fleet.residency, receipt);
    for (const std::uint32_t id : walk) w.fleet.load(id, id == walk[0] ? 48'000 : 38'800);
    w.fleet.held.clear();
    w.fleet.now = w.fleet.now + seconds(600);
    return w.ask(1, 3, 0, mix64(5)).replica->ref.id != walk[0];
  };
  EXPECT_TRUE(leaves_its_place(8'192, 8'192));
  EXPECT_FALSE(leaves_its_place(8'192, 0));
}

// Hashed by their beginning all of these would fall on one replica.
// Alone, a gateway has no need of the ring's place; where others send to the same replicas they meet there.
TEST(Warm, ThePlaceOnTheRingCountsForMoreTheMoreOthersSend) {
  const auto leaves_its_place = [](std::uint32_t cached, std::uint32_t known) {
    World w(8);
    w.fleet.give_all(1'000'000);
    const std::uint32_t first = w.ask(0, 10, 0, 77).replica->ref.id;
    const Receipt receipt{
        .replica = {first, 1}, .known_cached = known, .prompt_tokens = 10'000, .cached_tokens = cached};
    for (int i = 0; i < 20; ++i) learn(w.fleet.residency, receipt);
    w.fleet.load(first, 5'000);
    return w.ask(0, 10, 0, 77).replica->ref.id != first;
  };
  EXPECT_TRUE(leaves_its_place(8'192, 8'192));
  EXPECT_FALSE(leaves_its_place(8'192, 0));
}

TEST(Warm, OthersAreNotFoundByWhoDoesNotAskWhatWasSent) {
  Fleet fleet(8, Strategy::prefix);
  const Pick picked = pick(fleet.input(77));
  EXPECT_EQ(picked.known, kNotKnown);
  const double before = fleet.residency.others().share();
  learn(
      fleet.residency,
      {.replica = picked.replica->ref, .known_cached = picked.known, .prompt_tokens = 10'000, .cached_tokens = 8'192});
  EXPECT_EQ(fleet.residency.others().share(), before);
}

TEST(Warm, WhatWasSentFromHereIsKnownWhoeverIsPicked) {
  World w(8);
  const std::uint32_t holder = w.send(7, 10).replica->ref.id;
  w.fleet.load(holder, 100'000);
  const Pick elsewhere = w.ask(7, 12);
  ASSERT_NE(elsewhere.replica->ref.id, holder);
  EXPECT_EQ(elsewhere.cached, 0U);
  EXPECT_EQ(elsewhere.known, 10'000U);
  EXPECT_EQ(w.ask(8, 12).known, 0U);
}

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
  w.fleet.give_all(1'000'000);
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

// Who wants to be told of all has all looked at; others only those that may be better than what was found.
TEST(Warm, LookingNoFurtherThanNeededChangesNoPick) {
  Rng rng(9);
  for (const std::uint32_t size : {2U, 3U, 8U, 17U, 100U}) {
    World w(size);
    for (std::uint32_t id = 0; id < size; id += 3) w.fleet.snapshot.replicas[id].weight = 40 + rng.below(300);
    w.fleet.reseal();
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t conversation = rng.below(20);
      const Pick sent = w.send(conversation, 1 + rng.below(12), rng.below(4), rng.chance(0.5) ? conversation + 1 : 0);
      if (rng.chance(0.4)) w.fleet.load(sent.replica->ref.id, rng.below(40'000), 1 + rng.below(40));
      if (rng.chance(0.02)) w.fleet.held.clear();

      PickInput input = w.fleet.input_again();
      const Rng drawn = w.fleet.rng;
      const std::uint32_t turn = w.fleet.turn;
      const Pick picked = pick(input);
      w.fleet.rng = drawn;
      w.fleet.turn = turn;
      Explanation explanation;
      input.explanation = &explanation;
      const Pick told = pick(input);
      ASSERT_EQ(picked.replica, told.replica);
      ASSERT_EQ(picked.decision, told.decision);
      ASSERT_EQ(picked.cached, told.cached);
      ASSERT_EQ(picked.age, told.age);
    }
  }
}

}  // namespace
}  // namespace wp::balance
