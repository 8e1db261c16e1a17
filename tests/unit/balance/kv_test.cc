#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/explain.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using prompt::Rung;
using testing::Fleet;

constexpr std::uint32_t kStepBytes = 4'000;  // a thousand tokens from one rung to the next

// Equal replicas of which all are reported of, and conversations of ten rungs.
struct ToldWorld {
  explicit ToldWorld(std::uint32_t size = 8) : fleet(size, Strategy::kv) {
    fleet.now = Instant{seconds(100).ns};
    for (std::uint32_t id = 0; id < size; ++id) told().hear(id, fleet.now + seconds(6));
  }
  ToldTable& told() { return fleet.residency.told(); }

  const PickInput ask(std::uint64_t conversation) {
    ladder.clear();
    for (std::uint64_t i = 0; i < 10; ++i) {
      ladder.push_back({mix64(mix64(conversation) + i), static_cast<std::uint32_t>((i + 1) * kStepBytes)});
    }
    static_cast<void>(fleet.input(0));
    fleet.features.derived_session = mix64(1'000 + conversation);
    fleet.features.ladder = ladder;
    fleet.features.canonical_bytes = 10 * kStepBytes;
    fleet.features.estimated_tokens = 10'000;
    return fleet.input_again();
  }
  // The replica holds the conversation's first rungs.
  void tell(std::uint32_t id, std::uint64_t conversation, std::uint64_t rungs) {
    for (std::uint64_t i = 0; i < rungs; ++i) told().hold(id, mix64(mix64(conversation) + i));
  }

  Fleet fleet;
  std::vector<Rung> ladder;
};

TEST(Kv, WhoIsToldToHoldTheMostGetsIt) {
  ToldWorld w;
  w.tell(3, 7, 4);
  w.tell(5, 7, 9);
  const Pick picked = pick(w.ask(7));
  EXPECT_EQ(picked.replica->ref.id, 5U);
  EXPECT_EQ(picked.decision, Reason::resident);
  EXPECT_EQ(picked.cached, 9'000U);
  w.fleet.load(5, 40'000);
  EXPECT_NE(pick(w.ask(7)).replica->ref.id, 5U) << "the wait is longer than the work";
}

TEST(Kv, WhatWasTakenBackIsNotBelieved) {
  ToldWorld w;
  w.tell(5, 7, 9);
  for (std::uint64_t i = 2; i < 9; ++i) w.told().drop(5, mix64(mix64(7) + i));
  EXPECT_EQ(pick(w.ask(7)).cached <= 2'000U, true);
  w.told().clear(5);
  EXPECT_EQ(pick(w.ask(7)).cached, 0U);
}

TEST(Kv, WhatWasSentIsExpectedThereUntilItIsToldOrDoesNotCome) {
  ToldWorld w;
  const Pick first = pick(w.ask(7));
  EXPECT_EQ(first.cached, 0U);
  remember(w.ask(7), first);
  const Pick second = pick(w.ask(7));
  EXPECT_EQ(second.replica, first.replica);
  EXPECT_EQ(second.cached, 10'000U);
  w.fleet.now = w.fleet.now + ToldTable::kExpectFor + seconds(1);
  for (std::uint32_t id = 0; id < 8; ++id) w.told().hear(id, w.fleet.now + seconds(6));
  EXPECT_EQ(pick(w.ask(7)).cached, 0U);
}

TEST(Kv, WhatWasSentIsNoKnowledgeOfWarms) {
  ToldWorld w;
  remember(w.ask(7), pick(w.ask(7)));
  EXPECT_EQ(w.fleet.residency.sent(pick(w.ask(7)).replica->ref.id).uncached, 0U);
  EXPECT_EQ(pick(w.ask(7), Strategy::warm).cached, 0U);
}

// Reports that are too old are as none: the ring, by the accounts alone.
TEST(Kv, WhereNobodyIsHeardItIsTheRing) {
  ToldWorld w;
  w.tell(5, 7, 10);
  w.fleet.now = w.fleet.now + seconds(6);
  for (std::uint64_t conversation = 0; conversation < 40; ++conversation) {
    const Pick picked = pick(w.ask(conversation));
    EXPECT_EQ(picked.replica->ref.id, w.fleet.walk(mix64(1'000 + conversation))[0]);
    EXPECT_EQ(picked.decision, Reason::session);
    EXPECT_EQ(picked.cached, 0U);
  }
  const std::uint32_t home = w.fleet.walk(mix64(1'007))[0];
  w.fleet.pool().bounds = {.factor = 1.25, .prefill_floor = 262'144, .streams_floor = 4};
  w.fleet.load(home, 0, 40);
  EXPECT_EQ(pick(w.ask(7)).decision, Reason::spill);
}

// In traces where every prompt begins alike all would have one home.
TEST(Kv, OnlyASessionThatWasNamedHasAHome) {
  ToldWorld w;
  w.fleet.give_all(1'000'000);
  const PickInput input = w.ask(7);
  const std::uint32_t home = w.fleet.walk(w.fleet.features.derived_session)[0];
  w.fleet.load(home, 2'000);
  EXPECT_NE(pick(input).replica->ref.id, home) << "idle ones are nearer than it";
  w.fleet.features.session = w.fleet.features.derived_session;
  EXPECT_EQ(pick(input).replica->ref.id, home);
}

TEST(Kv, OverABoundItSpills) {
  ToldWorld w;
  w.fleet.pool().bounds = {.factor = 1.25, .prefill_floor = 262'144, .streams_floor = 4};
  w.tell(5, 7, 10);
  w.fleet.load(5, 0, 20);
  EXPECT_NE(pick(w.ask(7)).replica->ref.id, 5U);
  EXPECT_EQ(pick(w.ask(7)).decision, Reason::spill);
}

TEST(Kv, WithoutAPromptItIsTheRingAndAReceiptTeachesNothing) {
  ToldWorld w;
  EXPECT_EQ(pick(w.fleet.input(mix64(3))).decision, Reason::session);
  w.tell(5, 7, 10);
  const Pick picked = pick(w.ask(7));
  learn(w.fleet.residency,
        {.replica = {5, 1}, .expected_cached = picked.cached, .expected_age = picked.age, .cached_tokens = 0});
  EXPECT_EQ(w.fleet.residency.capacity(5), 0U);
}

TEST(Kv, ItsExplanationHasTheRingItAskedAndWhatWasTold) {
  ToldWorld w;
  w.tell(5, 7, 10);
  const Explanation told = explain(w.ask(7));
  EXPECT_EQ(told.key_kind, KeyKind::derived_session);
  EXPECT_EQ(told.key, mix64(1'007));
  EXPECT_EQ(told.pick.replica->ref.id, 5U);
  for (const Considered& entry : told.considered) {
    if (!entry.estimate) continue;
    EXPECT_EQ(entry.estimate->cached, entry.replica->ref.id == 5 ? 10'000U : 0U);
  }
}

}  // namespace
}  // namespace wp::balance
