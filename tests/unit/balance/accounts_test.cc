#include "dataplane/balance/accounts.h"

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::balance {
namespace {

void expect_load(Load load, std::uint64_t prefill, std::uint64_t streams) {
  EXPECT_EQ(load.prefill, prefill);
  EXPECT_EQ(load.streams, streams);
}

TEST(Accounts, AChargeCountsForItsReplicaAndItsPool) {
  Accounts accounts(4, 2);
  const Charge charge = accounts.charge({2, 7}, 1, 500, {});
  EXPECT_TRUE(charge.held());
  EXPECT_EQ(charge.replica(), (ReplicaRef{2, 7}));
  EXPECT_EQ(charge.prefill(), 500U);
  expect_load(accounts.load(2), 500, 1);
  expect_load(accounts.total(1), 500, 1);
  expect_load(accounts.load(1), 0, 0);
  expect_load(accounts.total(0), 0, 0);
}

TEST(Accounts, PrefillIsReleasedAtTheFirstByteAndOnlyOnce) {
  Accounts accounts(1, 1);
  Charge a = accounts.charge({0, 1}, 0, 100, {});
  const Charge b = accounts.charge({0, 1}, 0, 30, {});
  a.release_prefill();
  a.release_prefill();
  expect_load(accounts.load(0), 30, 2);
  expect_load(accounts.total(0), 30, 2);
  EXPECT_EQ(a.prefill(), 0U);
  EXPECT_TRUE(a.held());
  EXPECT_EQ(accounts.released(0), 0U) << "the stream still runs";
}

TEST(Accounts, ReleaseTakesEverythingAndOnlyOnce) {
  Accounts accounts(1, 1);
  const Charge other = accounts.charge({0, 1}, 0, 30, {});
  {
    Charge charge = accounts.charge({0, 1}, 0, 100, {});
    charge.release();
    EXPECT_FALSE(charge.held());
    charge.release();
    charge.release_prefill();
  }
  expect_load(accounts.load(0), 30, 1);
  expect_load(accounts.total(0), 30, 1);
  EXPECT_EQ(accounts.charged(0), 2U);
  EXPECT_EQ(accounts.released(0), 1U);
}

TEST(Accounts, GoingAwayReleases) {
  Accounts accounts(1, 1);
  {
    const Charge charge = accounts.charge({0, 1}, 0, 100, {});
  }
  expect_load(accounts.load(0), 0, 0);
  expect_load(accounts.total(0), 0, 0);
  EXPECT_EQ(accounts.released(0), 1U);
}

TEST(Charge, AMoveHandsOverWhatIsOwed) {
  Accounts accounts(1, 1);
  Charge from = accounts.charge({0, 1}, 0, 100, {});
  Charge to = std::move(from);
  EXPECT_FALSE(from.held());  // NOLINT(bugprone-use-after-move): what is left must owe nothing
  EXPECT_EQ(from.prefill(), 0U);
  from.release();
  expect_load(accounts.load(0), 100, 1);
  EXPECT_EQ(to.prefill(), 100U);
  to.release();
  expect_load(accounts.load(0), 0, 0);
}

TEST(Charge, AssigningReleasesWhatWasHeldBefore) {
  Accounts accounts(2, 1);
  Charge charge = accounts.charge({0, 1}, 0, 100, {});
  charge = accounts.charge({1, 1}, 0, 7, {});
  expect_load(accounts.load(0), 0, 0);
  expect_load(accounts.load(1), 7, 1);
  expect_load(accounts.total(0), 7, 1);
  charge = Charge();
  expect_load(accounts.total(0), 0, 0);
}

TEST(Charge, AssigningToItselfChangesNothing) {
  Accounts accounts(1, 1);
  Charge charge = accounts.charge({0, 1}, 0, 100, {});
  Charge& same = charge;
  charge = std::move(same);
  EXPECT_TRUE(charge.held());
  expect_load(accounts.load(0), 100, 1);
}

TEST(Charge, NothingIsOwedByDefault) {
  Charge charge;
  EXPECT_FALSE(charge.held());
  EXPECT_FALSE(charge.replica().valid());
  charge.release_prefill();
  charge.release();
}

TEST(AccountsDeathTest, WhatIsOutOfRangeIsAWrongProgram) {
  Accounts accounts(2, 1);
  EXPECT_DEATH(static_cast<void>(accounts.charge({2, 1}, 0, 1, {})), "assertion failed");
  EXPECT_DEATH(static_cast<void>(accounts.charge({0, 1}, 1, 1, {})), "assertion failed");
  EXPECT_DEATH(static_cast<void>(accounts.charge({0, 0}, 0, 1, {})), "assertion failed");
  EXPECT_DEATH(static_cast<void>(accounts.load(2)), "assertion failed");
  EXPECT_DEATH(static_cast<void>(accounts.total(1)), "assertion failed");
}

constexpr Bounds kBounds{.factor = 1.25, .prefill_floor = 1'000, .streams_floor = 10};

bool prefill_within(std::uint64_t load, std::uint64_t total, std::uint32_t weight, std::uint64_t sum) {
  return Accounts::within(kBounds, {load, 0}, {total, 0}, weight, sum);
}

TEST(Bounds, UpToTheFloorIsWithinWhateverTheTotal) {
  EXPECT_TRUE(prefill_within(1'000, 1'000, 100, 800));
  EXPECT_FALSE(prefill_within(1'001, 1'001, 100, 800));
}

TEST(Bounds, AboveTheFloorItIsTheShareTimesTheFactor) {
  // 1.25 * 80,000 / 8
  EXPECT_TRUE(prefill_within(12'500, 80'000, 100, 800));
  EXPECT_FALSE(prefill_within(12'501, 80'000, 100, 800));
}

TEST(Bounds, TheShareFollowsTheWeight) {
  // 1.25 * 80,000 * 300 / 1,000
  EXPECT_TRUE(prefill_within(30'000, 80'000, 300, 1'000));
  EXPECT_FALSE(prefill_within(30'001, 80'000, 300, 1'000));
  // Thirds do not round the bound away: 1.25 * 12,000 / 3 is 5,000 exactly.
  EXPECT_TRUE(prefill_within(5'000, 12'000, 100, 300));
  EXPECT_FALSE(prefill_within(5'001, 12'000, 100, 300));
}

TEST(Bounds, BothAccountsMustBeWithin) {
  EXPECT_TRUE(Accounts::within(kBounds, {1'000, 10}, {1'000, 10}, 1, 8));
  EXPECT_FALSE(Accounts::within(kBounds, {1'001, 10}, {1'001, 10}, 1, 8));
  EXPECT_FALSE(Accounts::within(kBounds, {1'000, 11}, {1'000, 11}, 1, 8));
  // 1.25 * 80 / 8 streams
  EXPECT_TRUE(Accounts::within(kBounds, {0, 12}, {0, 80}, 1, 8));
  EXPECT_FALSE(Accounts::within(kBounds, {0, 13}, {0, 80}, 1, 8));
}

TEST(Bounds, LargestFiguresDoNotOverflow) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  EXPECT_FALSE(prefill_within(kMost, kMost, 1'000, 65'535'000));
  EXPECT_TRUE(prefill_within(kMost / 65'535, kMost, 1'000, 65'535'000));
  EXPECT_TRUE(prefill_within(kMost, kMost, 1'000, 1'000));
}

TEST(BoundsDeathTest, APoolWithoutWeightIsAWrongProgram) {
  EXPECT_DEATH(static_cast<void>(prefill_within(0, 0, 1, 0)), "assertion failed");
}

TEST(Accounts, AreZeroByArithmeticAfterAnyHistory) {
  Rng rng(3);
  Accounts accounts(5, 2);
  std::vector<Charge> held;
  std::uint64_t prefill = 0;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint32_t choice = rng.below(4);
    if (choice == 0 || held.empty()) {
      const std::uint32_t tokens = rng.below(100'000);
      held.push_back(accounts.charge({rng.below(5), 1}, rng.below(2), tokens, {}));
      prefill += tokens;
      continue;
    }
    Charge& one = held[rng.below(static_cast<std::uint32_t>(held.size()))];
    prefill -= one.prefill();
    if (choice < 3) {
      one.release_prefill();
    } else {
      one = std::move(held.back());
      held.pop_back();
    }
    prefill = 0;
    for (const Charge& charge : held) prefill += charge.prefill();
    ASSERT_EQ(accounts.total(0).prefill + accounts.total(1).prefill, prefill);
    ASSERT_EQ(accounts.total(0).streams + accounts.total(1).streams, held.size());
  }
  EXPECT_FALSE(held.empty());
  held.clear();
  for (std::uint32_t id = 0; id < 5; ++id) {
    expect_load(accounts.load(id), 0, 0);
    EXPECT_EQ(accounts.charged(id), accounts.released(id));
    EXPECT_GT(accounts.charged(id), 0U);
  }
  expect_load(accounts.total(0), 0, 0);
  expect_load(accounts.total(1), 0, 0);
}

// One that joins is as fast as those that are there, until it shows what it can.
TEST(Accounts, AReplicaThatWasNotSeenIsAsFastAsItsPool) {
  Accounts accounts(3, 2);
  Instant now;
  for (int i = 0; i < 100; ++i) {
    Charge charge = accounts.charge({0, 1}, 1, 4'000, now);
    now = now + seconds(2);
    charge.first_byte(now);
  }
  const Charge new_one = accounts.charge({1, 1}, 1, 4'000, now);
  const Charge elsewhere = accounts.charge({2, 1}, 0, 4'000, now);
  // 2,000 tokens a second; 8,000 where nobody knows better.
  EXPECT_NEAR(accounts.queue(1, now + seconds(1)), 2'000, 50);
  EXPECT_NEAR(accounts.queue(2, now + millis(250)), 2'000, 1);

  accounts.forget_pool(1);
  accounts.forget_replica(0);
  const Charge another = accounts.charge({0, 2}, 1, 4'000, now);
  EXPECT_NEAR(accounts.queue(0, now + millis(250)), 2'000, 1);
}

Instant term(std::int64_t number) {
  return {number << Given::kTermBits};
}

TEST(Given, HalfIsForgottenAtTheSamePointsByAll) {
  Given early;
  Given late;
  early.add(term(3), 1'000);
  late.add({term(4).ns - 1}, 1'000);
  EXPECT_EQ(early.tokens({term(4).ns - 1}), 1'000U);
  for (const Given* given : {&early, &late}) {
    EXPECT_EQ(given->tokens(term(4)), 500U);
    EXPECT_EQ(given->tokens(term(6)), 125U);
    EXPECT_EQ(given->tokens(term(3)), 1'000U);  // another shard's clock may be a little behind
    EXPECT_EQ(given->tokens(term(3 + 100)), 0U);
  }
  early.add(term(5), 50);
  EXPECT_EQ(early.tokens(term(5)), 300U);
  early.add(term(4), 10);
  EXPECT_EQ(early.tokens(term(6)), 155U);
  early.reset();
  EXPECT_EQ(early.tokens(term(6)), 0U);
}

// The terms' numbers have sixteen bits.
TEST(Given, TheTermsMayWrap) {
  Given given;
  given.add(term(0xFFFE), 2'000);
  EXPECT_EQ(given.tokens(term(0x10000)), 500U);
  given.add(term(0x10001), 1'000);
  EXPECT_EQ(given.tokens(term(0x10001)), 1'250U);
}

TEST(Accounts, WhatWasGivenOutlivesTheChargesAndBelongsToOneReplica) {
  Accounts accounts(2, 2);
  static_cast<void>(accounts.charge({0, 1}, 1, 3'000, {}));
  static_cast<void>(accounts.charge({1, 1}, 1, 1'000, {}));
  EXPECT_EQ(accounts.given(0, {}), 3'000U);
  EXPECT_EQ(accounts.given_to_pool(1, {}), 4'000U);
  EXPECT_EQ(accounts.given_to_pool(0, {}), 0U);
  accounts.forget_replica(0);
  EXPECT_EQ(accounts.given(0, {}), 0U);
  EXPECT_EQ(accounts.given(1, {}), 1'000U);
  accounts.forget_pool(1);
  EXPECT_EQ(accounts.given_to_pool(1, {}), 0U);
}

}  // namespace
}  // namespace wp::balance
