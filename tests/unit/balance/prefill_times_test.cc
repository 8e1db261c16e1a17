#include "dataplane/balance/prefill_times.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "dataplane/balance/residency.h"
#include "dataplane/base/rng.h"

namespace wp::balance {
namespace {

constexpr double kToken = 1e-4;  // seconds
constexpr std::uint32_t kExpected = 3'000;
constexpr std::uint32_t kCharged = 500;

// Nobody expected any of it, so that it shows what a token takes.
constexpr Prefill kNew{.charged = 2'000, .expected = 0, .age = 0, .seconds = 2'000 * kToken};

Prefill hit(std::uint32_t age) {
  return {.charged = kCharged, .expected = kExpected, .age = age, .seconds = kCharged * kToken};
}

Prefill miss(std::uint32_t age) {
  return {.charged = kCharged, .expected = kExpected, .age = age, .seconds = (kCharged + kExpected) * kToken};
}

TEST(PrefillTimes, WhatTakesAsLongAsANewPromptWasNotThere) {
  PrefillTimes times;
  EXPECT_FALSE(times.cached(kNew));
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(times.cached(hit(4'000))) << "it is as expected";
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(times.cached(miss(100'000))) << "too few to tell";
  const auto cached = times.cached(miss(100'000));
  ASSERT_TRUE(cached);
  EXPECT_LT(*cached, 10U);
  EXPECT_FALSE(times.cached(miss(4'000))) << "what is so young is there as a rule";
}

TEST(PrefillTimes, NothingIsKnownBeforeANewPromptShowsWhatATokenTakes) {
  PrefillTimes times;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(times.cached(hit(4'000)));
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(times.cached(miss(100'000)));
}

TEST(PrefillTimes, AReplicaThatIsSlowNowAndThenTeachesNothing) {
  PrefillTimes times;
  Rng rng(3);
  (void)times.cached(kNew);
  int taken = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint32_t age = 1'000U << rng.below(12);
    if (times.cached(rng.chance(0.1) ? miss(age) : hit(age))) ++taken;
  }
  EXPECT_LE(taken, 50) << "of some 1,000 slow ones";
}

TEST(PrefillTimes, WithoutYoungerOnesOnlyWhatAlwaysMissesIsTaken) {
  PrefillTimes mixed;
  (void)mixed.cached(kNew);
  EXPECT_FALSE(mixed.cached(hit(100'000)));
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(mixed.cached(miss(100'000)));
  PrefillTimes always;
  (void)always.cached(kNew);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(always.cached(miss(100'000)));
  EXPECT_TRUE(always.cached(miss(100'000)));
}

TEST(PrefillTimes, WhatIsFarTooFastWasThere) {
  PrefillTimes times;
  for (int i = 0; i < 20; ++i) (void)times.cached(kNew);
  const auto cached = times.cached({.charged = 4'000, .expected = 0, .age = 0, .seconds = 1'000 * kToken});
  ASSERT_TRUE(cached);
  EXPECT_GT(*cached, 2'000U);
}

TEST(PrefillTimes, AResetForgets) {
  PrefillTimes times;
  (void)times.cached(kNew);
  for (int i = 0; i < 20; ++i) (void)times.cached(hit(4'000));
  for (int i = 0; i < 5; ++i) (void)times.cached(miss(100'000));
  times.reset();
  (void)times.cached(kNew);
  EXPECT_FALSE(times.cached(miss(100'000)));
  EXPECT_FALSE(times.cached({.charged = 500, .expected = 3'000, .age = 100'000, .seconds = 0})) << "nobody knows";
}

TEST(PrefillTimes, AnyShardMayTellAtAnyTime) {
  PrefillTimes times;
  std::atomic<bool> stop = false;
  const auto tell = [&](std::uint32_t age) {
    while (!stop.load(std::memory_order_relaxed)) {
      (void)times.cached(kNew);
      (void)times.cached(age > 10'000 ? miss(age) : hit(age));
    }
  };
  std::thread young(tell, 4'000);
  std::thread old(tell, 100'000);
  for (int i = 0; i < 200; ++i) times.reset();
  stop = true;
  young.join();
  old.join();
  times.reset();
  EXPECT_FALSE(times.cached(miss(100'000)));
}

// --- in the table

void teach(Residency& residency, std::uint32_t age) {
  residency.learn(0, kNew);
  for (int i = 0; i < 20; ++i) residency.learn(0, hit(4'000));
  for (int i = 0; i < 20; ++i) residency.learn(0, miss(age));
}

TEST(PrefillTimes, TeachHowMuchACacheHolds) {
  Residency residency(1024, 1);
  teach(residency, 100'000);
  EXPECT_EQ(residency.capacity(0), 100'000U + kExpected);
  residency.wipe(0);
  EXPECT_EQ(residency.capacity(0), 0U);
  for (int i = 0; i < 20; ++i) residency.learn(0, miss(100'000));
  EXPECT_EQ(residency.capacity(0), 0U) << "what was seen of another cache";
}

TEST(PrefillTimes, SayNothingWhereRepliesTell) {
  Residency residency(1024, 1);
  residency.learn_block(0, 64);
  teach(residency, 100'000);
  EXPECT_EQ(residency.capacity(0), 0U);
}

TEST(PrefillTimes, SayNothingOfWhatWasTold) {
  Residency residency(1024, 1);
  teach(residency, kToldAge);
  EXPECT_EQ(residency.capacity(0), 0U);
}

}  // namespace
}  // namespace wp::balance
