#include "dataplane/balance/pace.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace wp::balance {
namespace {

constexpr Instant at(double s) {
  return Instant{static_cast<std::int64_t>(s * 1e9)};
}

// Prompts that come alone, so that each begins when it comes.
void see(Pace& pace, int count, std::uint32_t tokens, double seconds, double from) {
  for (int i = 0; i < count; ++i) pace.first_byte(at(from + 100.0 * i), at(from + 100.0 * i + seconds), tokens, {});
}

TEST(Pace, AQueueDrainsAtTheRate) {
  Pace pace;
  EXPECT_EQ(pace.queue(at(1), {}), 0);
  pace.charge(at(1), 16'000);
  EXPECT_NEAR(pace.queue(at(1), {1, 16'000}), 16'000, 1);
  EXPECT_NEAR(pace.queue(at(2), {1, 16'000}), 8'000, 1);
  EXPECT_NEAR(pace.queue(at(3), {1, 16'000}), 0, 1);
}

TEST(Pace, AQueueIsNeverLongerThanWhatIsOutstanding) {
  Pace pace;
  pace.charge(at(1), 16'000);
  EXPECT_NEAR(pace.queue(at(1), {1, 500}), 500, 1);
}

// Three of 8,000 tokens were thought to take a second each, and the first took three: the others are still to come.
TEST(Pace, AFirstByteSaysHowFarItIs) {
  Pace pace;
  for (int i = 0; i < 3; ++i) pace.charge(at(0), 8'000);
  EXPECT_NEAR(pace.queue(at(3), {3, 24'000}), 0, 1);
  pace.first_byte(at(0), at(3), 8'000, {2, 16'000});
  EXPECT_NEAR(pace.queue(at(3), {2, 16'000}), 16'000, 1);
  EXPECT_LT(pace.queue(at(4), {2, 16'000}), 14'000);
  // And it was done sooner than thought: nothing waits for what was thought.
  pace.first_byte(at(0), at(4), 8'000, {1, 8'000});
  pace.first_byte(at(0), at(4.5), 8'000, {});
  pace.charge(at(4.5), 100);
  EXPECT_LT(pace.queue(at(4.5), {1, 1'000'000}), 110);
}

TEST(Pace, TheRateIsLearnedFromFirstBytes) {
  Pace pace;
  EXPECT_FLOAT_EQ(pace.costs().token, 1.0F / 8'000);
  EXPECT_EQ(pace.costs().prompt, 0);
  see(pace, 30, 20'000, 1, 0);
  EXPECT_NEAR(pace.costs().of({1, 20'000}), 1, 0.03);
  // Twice as slow from now on: half of what was seen is forgotten every 32 prompts.
  see(pace, 250, 20'000, 2, 10'000);
  EXPECT_NEAR(pace.costs().of({1, 20'000}), 2, 0.03);
}

// 10 ms each and 10,000 tokens a second: 0.02 s for 100 tokens, 0.51 s for 5,000.
TEST(Pace, WhatAPromptCostsBesidesItsTokensIsToldApart) {
  Pace pace;
  for (int i = 0; i < 100; ++i) {
    see(pace, 1, 100, 0.02, 1'000 * i);
    see(pace, 1, 5'000, 0.51, 1'000 * i + 500);
  }
  EXPECT_NEAR(pace.costs().prompt, 0.010, 0.001);
  EXPECT_NEAR(pace.costs().token, 1e-4, 1e-6);
  EXPECT_NEAR(pace.overhead(), 100, 10);
  // Ten prompts of ten tokens are 110 ms of work, as much as 1,100 tokens are.
  for (int i = 0; i < 10; ++i) pace.charge(at(200'000), 10);
  EXPECT_NEAR(pace.queue(at(200'000), {10, 100}), 1'100, 100);
}

// Half of the prompts find a second of work before them that another gateway sent.
TEST(Pace, WhatOthersSentIsNotAPromptsCost) {
  Pace pace;
  for (int i = 0; i < 100; ++i) {
    see(pace, 1, 1'000, i % 2 == 0 ? 0.11 : 1.11, 2'000 * i);
    see(pace, 1, 5'000, i % 2 == 0 ? 0.51 : 1.51, 2'000 * i + 1'000);
  }
  EXPECT_LE(pace.costs().prompt, 0.11 * 1.001);
  EXPECT_NEAR(pace.costs().of({2, 6'000}), (0.11 + 0.51 + 1.11 + 1.51) / 2, 0.1);
}

// Longer prompts that take less say nothing about tokens, and prompts that take no time there are not.
TEST(Pace, TheCostsAreNeverAbsurd) {
  Pace pace;
  for (int i = 0; i < 100; ++i) {
    see(pace, 1, 100, 1, 1'000 * i);
    see(pace, 1, 5'000, 0.1, 1'000 * i + 500);
  }
  EXPECT_GT(pace.costs().token, 0);
  EXPECT_GT(pace.costs().prompt, 0);
  Pace steep;
  for (int i = 0; i < 100; ++i) {
    see(steep, 1, 1'000, 0.001, 1'000 * i);
    see(steep, 1, 5'000, 5, 1'000 * i + 500);
  }
  EXPECT_GE(steep.costs().prompt, 0);
  EXPECT_NEAR(steep.costs().token, 5.001 / 6'000, 1e-5);
}

TEST(Pace, WhatOthersTakeIsPresumedUntilSomethingIsSeen) {
  Pace pace;
  pace.presume({.prompt = 0.01F, .token = 0.001F});
  EXPECT_FLOAT_EQ(pace.costs().token, 0.001F);
  see(pace, 1, 1'000, 1.01, 0);
  EXPECT_NEAR(pace.costs().token, 0.001, 1e-6);
  EXPECT_NEAR(pace.costs().prompt, 0.01, 1e-4);
  pace.presume({.prompt = 0, .token = 1});
  EXPECT_NEAR(pace.costs().token, 0.001, 1e-6);
  pace.reset();
  EXPECT_FLOAT_EQ(pace.costs().token, 1.0F / 8'000);
}

// Three that came at once are prefilled one after the other: the second's time began when the first was done.
TEST(Pace, WaitingInTheQueueIsNotPrefilling) {
  Pace pace;
  for (int i = 0; i < 40; ++i) {
    const double start = 100.0 * i;
    EXPECT_NEAR(pace.first_byte(at(start), at(start + 1), 10'000, {}), 1, 1e-6);
    EXPECT_NEAR(pace.first_byte(at(start), at(start + 2), 10'000, {}), 1, 1e-6);
    EXPECT_NEAR(pace.first_byte(at(start), at(start + 3), 10'000, {}), 1, 1e-6);
  }
  EXPECT_NEAR(pace.costs().of({1, 10'000}), 1, 0.01);
}

TEST(Pace, WhatTookNoTimeTeachesNothing) {
  Pace pace;
  EXPECT_EQ(pace.first_byte(at(5), at(5), 1'000'000, {}), 0);
  EXPECT_EQ(pace.first_byte(at(5), at(6), 0, {}), 0);
  EXPECT_FLOAT_EQ(pace.costs().token, 1.0F / 8'000);
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
