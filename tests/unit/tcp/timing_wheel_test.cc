#include "dataplane/tcp/timing_wheel.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::tcp {
namespace {

constexpr Instant kStart{seconds(5).ns};

TEST(TimingWheel, FiresOnceAndNeverEarly) {
  TimingWheel wheel(4, kStart);
  wheel.arm(2, kStart + millis(10));
  std::uint32_t id = 0;
  EXPECT_FALSE(wheel.take_due(kStart + millis(9), id));
  EXPECT_TRUE(wheel.take_due(kStart + millis(12), id));
  EXPECT_EQ(id, 2U);
  EXPECT_FALSE(wheel.take_due(kStart + seconds(100), id));
  EXPECT_EQ(wheel.next(), kNever);
}

TEST(TimingWheel, WhatIsDueAlreadyFiresAtOnce) {
  TimingWheel wheel(4, kStart);
  std::uint32_t id = 0;
  EXPECT_FALSE(wheel.take_due(kStart + seconds(1), id));
  wheel.arm(1, kStart);
  EXPECT_TRUE(wheel.take_due(kStart + seconds(1), id));
}

TEST(TimingWheel, MovingLaterIsLazyMovingEarlierIsNot) {
  TimingWheel wheel(4, kStart);
  wheel.arm(0, kStart + millis(5));
  wheel.arm(0, kStart + seconds(3'000));
  std::uint32_t id = 0;
  EXPECT_FALSE(wheel.take_due(kStart + seconds(2'999), id));
  EXPECT_EQ(wheel.slots_of(0), 1U);
  wheel.arm(0, kStart + seconds(2'999) + millis(20));
  EXPECT_TRUE(wheel.take_due(kStart + seconds(2'999) + millis(22), id));
}

TEST(TimingWheel, DisarmedDoesNotFireAndLeavesInTime) {
  TimingWheel wheel(4, kStart);
  wheel.arm(3, kStart + millis(5));
  wheel.disarm(3);
  std::uint32_t id = 0;
  EXPECT_FALSE(wheel.take_due(kStart + millis(50), id));
  EXPECT_EQ(wheel.queued(), 0U);
}

// Against the deadlines themselves: all turns of the hand, all distances from a tick to months, and re-arming.
TEST(TimingWheel, FiresEachAtMostATickAndATurnLate) {
  constexpr std::uint32_t kIds = 200;
  Rng rng(11);
  TimingWheel wheel(kIds, kStart);
  std::vector<Instant> due(kIds, kNever);
  Instant now = kStart;
  std::vector<std::int64_t> late;
  for (int turn = 0; turn < 60'000; ++turn) {
    const Duration step = micros(1 + rng.below(rng.chance(0.01) ? 50'000'000 : 2'000));
    now = now + step;
    std::uint32_t id = 0;
    while (wheel.take_due(now, id)) {
      ASSERT_LE(due[id], now) << "early";
      late.push_back((now - due[id]).ns);
      ASSERT_LE(late.back(), (TimingWheel::kTick + step).ns);
      due[id] = kNever;
    }
    ASSERT_LE(wheel.next(),
              *std::ranges::min_element(due) == kNever ? kNever : *std::ranges::min_element(due) + TimingWheel::kTick);
    id = rng.below(kIds);
    due[id] = rng.chance(0.1) ? kNever : now + micros(1 + rng.below(1U << rng.below(32)));
    if (rng.chance(0.001)) due[id] = now + seconds(86'400 * 60);
    wheel.arm(id, due[id]);
  }
  EXPECT_GT(late.size(), 10'000U);
  for (std::uint32_t id = 0; id < kIds; ++id) ASSERT_LE(wheel.slots_of(id), 1U);
}

}  // namespace
}  // namespace wp::tcp
