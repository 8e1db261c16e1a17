#include "dataplane/balance/pace.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace wp::balance {
namespace {

constexpr Instant at(double s) {
  return Instant{static_cast<std::int64_t>(s * 1e9)};
}

TEST(Pace, AQueueDrainsAtTheRate) {
  Pace pace;
  EXPECT_EQ(pace.queue(at(1), 0), 0);
  pace.charge(at(1), 16'000);
  EXPECT_NEAR(pace.queue(at(1), 16'000), 16'000, 1);
  EXPECT_NEAR(pace.queue(at(2), 16'000), 8'000, 1);
  EXPECT_EQ(pace.queue(at(3), 16'000), 0);
}

TEST(Pace, AQueueIsNeverLongerThanWhatIsOutstanding) {
  Pace pace;
  pace.charge(at(1), 16'000);
  EXPECT_EQ(pace.queue(at(1), 500), 500);
}

TEST(Pace, TheRateIsLearnedFromFirstBytes) {
  Pace pace;
  EXPECT_EQ(pace.rate(), Pace::kFirstRate);
  for (int i = 0; i < 30; ++i) pace.first_byte(at(10 * i), at(10 * i + 1), 20'000);
  EXPECT_NEAR(pace.rate(), 20'000, 500);
  // Twice as slow from now on: half of what was seen is forgotten every 200,000 tokens.
  for (int i = 30; i < 100; ++i) pace.first_byte(at(10 * i), at(10 * i + 2), 20'000);
  EXPECT_NEAR(pace.rate(), 10'000, 500);
}

// Three that came at once are prefilled one after the other: the second's time began when the first was done.
TEST(Pace, WaitingInTheQueueIsNotPrefilling) {
  Pace pace;
  for (int i = 0; i < 40; ++i) {
    const double start = 100.0 * i;
    pace.first_byte(at(start), at(start + 1), 10'000);
    pace.first_byte(at(start), at(start + 2), 10'000);
    pace.first_byte(at(start), at(start + 3), 10'000);
  }
  EXPECT_NEAR(pace.rate(), 10'000, 100);
}

TEST(Pace, WhatTookNoTimeTeachesNothing) {
  Pace pace;
  pace.first_byte(at(5), at(5), 1'000'000);
  pace.first_byte(at(5), at(6), 0);
  EXPECT_EQ(pace.rate(), Pace::kFirstRate);
}

TEST(Pace, WorkIsHalfForgottenEveryHalfLife) {
  Pace pace;
  pace.charge(at(10), 1'000);
  pace.charge(at(10), 1'000);
  EXPECT_NEAR(pace.work(at(10)), 2'000, 1);
  EXPECT_NEAR(pace.work(at(70)), 1'000, 1);
  pace.charge(at(70), 1'000);
  EXPECT_NEAR(pace.work(at(130)), 1'000, 1);
  EXPECT_NEAR(pace.work(at(9)), 2'000, 1);  // another shard's clock may be a little behind
}

}  // namespace
}  // namespace wp::balance
