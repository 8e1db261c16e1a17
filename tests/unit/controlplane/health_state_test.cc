#include "controlplane/health/health_state.h"

#include <initializer_list>

#include <gtest/gtest.h>

namespace wp::control {
namespace {

using enum CheckResult;

constexpr Instant kStart = Instant{} + seconds(1000);

// One replica's checks on a clock of their own: each is answered at once, the next is made when the state asks for it.
struct Patient {
  explicit Patient(const HealthPolicy& by = {}) : policy(by), state(by) {}

  // Feeds the results at their times; the last one's verdict.
  Health after(std::initializer_list<CheckResult> results) {
    for (const CheckResult result : results) {
      state.feed(result, now);
      now = state.next_check(now, rng);
    }
    return state.health();
  }

  void repeat(CheckResult result, int times) {
    for (int i = 0; i < times; ++i) after({result});
  }

  HealthPolicy policy;
  HealthState state;
  Rng rng{7};
  Instant now = kStart;
};

TEST(HealthState, TheFirstPassedCheckBringsItUp) {
  Patient p;
  EXPECT_FALSE(p.state.judged());
  EXPECT_TRUE(p.state.feed(passed, kStart));
  EXPECT_EQ(p.state.health(), Health::up);
  EXPECT_FALSE(p.state.feed(passed, kStart));
}

TEST(HealthState, LoadingBeforeItWasUpIsStarting) {
  Patient p;
  EXPECT_EQ(p.after({loading}), Health::starting);
  EXPECT_EQ(p.after({loading, loading, loading, loading}), Health::starting) << "however long it loads";
  EXPECT_EQ(p.after({passed}), Health::starting);
  EXPECT_EQ(p.after({passed}), Health::up);
}

TEST(HealthState, WithoutAVerdictItTakesAsManyFailuresAsLater) {
  Patient p;
  EXPECT_EQ(p.after({timed_out, refused}), Health::untried);
  EXPECT_EQ(p.after({refused}), Health::down);
}

TEST(HealthState, A503AfterItWasUpIsAFailedCheck) {
  Patient p;
  EXPECT_EQ(p.after({passed, loading, loading}), Health::up);
  EXPECT_EQ(p.after({loading}), Health::down);
  EXPECT_EQ(p.after({loading, loading}), Health::down) << "it never went away, so it does not start";
}

TEST(HealthState, A503OfANewProcessIsStarting) {
  Patient p;
  EXPECT_EQ(p.after({passed, refused, refused, refused}), Health::down);
  EXPECT_EQ(p.after({loading}), Health::starting);
  Patient quick;
  EXPECT_EQ(quick.after({passed, refused, loading}), Health::starting) << "gone and back between two checks";
}

TEST(HealthState, WhatWasGoneBeforeItWasUpIsForgotten) {
  Patient p;
  EXPECT_EQ(p.after({passed, refused, passed, loading}), Health::up);
}

TEST(HealthState, FailuresAndPassesCountInARow) {
  Patient p;
  EXPECT_EQ(p.after({passed, timed_out, bad_status, passed, bad_reply, refused}), Health::up);
  EXPECT_EQ(p.after({refused}), Health::down);
  p.repeat(passed, 1);
  EXPECT_EQ(p.after({refused, passed, refused, passed, refused}), Health::down);
}

TEST(HealthState, ANewPolicyKeepsTheVerdictAndCountsAnew) {
  Patient p;
  EXPECT_EQ(p.after({passed, refused, refused}), Health::up);
  p.state.set_policy({.fall = 2});
  EXPECT_EQ(p.state.health(), Health::up);
  EXPECT_EQ(p.after({refused}), Health::up) << "the failures of before were found by other checks";
  EXPECT_EQ(p.after({refused}), Health::down);
  EXPECT_EQ(p.after({passed}), Health::down);
  p.state.set_policy({.rise = 1});
  EXPECT_EQ(p.after({passed}), Health::down) << "it flaps: twice as many as `rise`, all of them new";
  EXPECT_EQ(p.after({passed}), Health::up);
}

TEST(HealthState, APageThatIsNotThereIsAServerThatIs) {
  Patient p;
  EXPECT_EQ(p.after({no_page}), Health::up);
  EXPECT_EQ(p.after({no_page, no_page, no_page, no_page}), Health::up);
}

TEST(HealthState, ACheckThatWasNotMadeSaysNothing) {
  Patient p;
  EXPECT_EQ(p.after({passed, refused, refused, not_made, not_made}), Health::up);
  EXPECT_EQ(p.after({refused}), Health::down);
}

TEST(HealthState, EachCheckIsJitteredAroundItsInterval) {
  Patient p;
  p.repeat(passed, 2);  // the second draws the replica's place in the interval
  Duration least = seconds(100);
  Duration most;
  for (int i = 0; i < 1000; ++i) {
    const Instant before = p.now;
    p.repeat(passed, 1);
    least = std::min(least, p.now - before);
    most = std::max(most, p.now - before);
  }
  EXPECT_GE(least, millis(1800));
  EXPECT_LT(least, millis(1810));
  EXPECT_LE(most, millis(2200));
  EXPECT_GT(most, millis(2190));
}

TEST(HealthState, ReplicasAddedTogetherAreSpreadOverTheInterval) {
  Rng rng(3);
  int early = 0;
  for (int i = 0; i < 1000; ++i) {
    HealthState state{HealthPolicy{}};
    state.feed(passed, kStart);
    if (state.next_check(kStart, rng) < kStart + seconds(1)) ++early;
  }
  EXPECT_NEAR(early, 500, 60);
}

TEST(HealthState, AnUncertainStateIsAskedAboutSooner) {
  Patient p;
  p.repeat(passed, 2);
  const auto wait_behind = [&p](CheckResult result) {
    const Instant before = p.now;
    p.repeat(result, 1);
    return p.now - before;
  };
  EXPECT_LE(wait_behind(timed_out), millis(275));
  EXPECT_LE(wait_behind(timed_out), millis(275));
  EXPECT_GE(wait_behind(timed_out), millis(1800)) << "down is certain";
  EXPECT_LE(wait_behind(loading), millis(2200));
}

// Whatever the jitter, no replica stays up longer than the bound behind its failure.
TEST(HealthState, AFailureIsFoundWithinTheBound) {
  const HealthPolicy policy;
  EXPECT_EQ(longest_detection(policy), millis(5750));
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Patient p;
    p.rng = Rng(seed);
    p.repeat(passed, 3);
    const Instant failed = p.now - policy.interval;  // as soon behind the last check as may be
    while (p.state.health() == Health::up) {
      p.now = p.now + policy.timeout;
      p.after({timed_out});
    }
    ASSERT_LE(p.now - failed, longest_detection(policy) + policy.interval + millis(200)) << seed;
  }
}

TEST(HealthState, AReplicaThatFlapsMustPassMoreAndMore) {
  Patient p;
  p.repeat(passed, 1);
  std::uint32_t last = p.state.rise();
  EXPECT_EQ(last, 2U);
  for (int flap = 0; flap < 4; ++flap) {
    p.repeat(bad_status, 3);
    ASSERT_EQ(p.state.health(), Health::down);
    EXPECT_EQ(p.state.rise(), 2 * last);
    last = p.state.rise();
    p.repeat(passed, static_cast<int>(last) - 1);
    ASSERT_EQ(p.state.health(), Health::down) << flap;
    p.repeat(passed, 1);
    ASSERT_EQ(p.state.health(), Health::up) << flap;
  }
  EXPECT_EQ(last, 32U) << "and no more than that";
  p.repeat(bad_status, 3);
  EXPECT_EQ(p.state.rise(), 32U);
}

TEST(HealthState, HowOftenAFlappingReplicaMayChange) {
  Patient p;
  p.repeat(passed, 1);
  int changes = 0;
  // Three failures, then passes, for ever: what a crash loop behind a quick start looks like.
  while (p.now < kStart + seconds(600)) {
    for (int i = 0; i < 3; ++i) changes += p.state.feed(bad_status, p.now), p.now = p.state.next_check(p.now, p.rng);
    while (p.state.health() != Health::up) {
      changes += p.state.feed(passed, p.now), p.now = p.state.next_check(p.now, p.rng);
    }
  }
  EXPECT_LE(changes, 26) << "one in 23 s; without damping it would be one in a second and a half";
  EXPECT_GE(changes, 16);
}

TEST(HealthState, WhoStaysUpIsForgiven) {
  Patient p;
  p.repeat(passed, 1);
  p.repeat(bad_status, 3);
  EXPECT_EQ(p.state.rise(), 4U);
  p.repeat(passed, 4 + 40);  // 40 intervals
  p.repeat(bad_status, 3);
  EXPECT_EQ(p.state.rise(), 2U);
}

TEST(HealthState, OnePassAndOneFailureAreEnoughWhereThePolicySaysSo) {
  Patient p(HealthPolicy{.rise = 1, .fall = 1});
  EXPECT_EQ(p.after({refused}), Health::down);
  EXPECT_EQ(p.after({passed}), Health::up);
  EXPECT_EQ(p.after({bad_reply}), Health::down);
}

TEST(CheckResult, StatusesAreJudged) {
  for (const unsigned status : {200U, 204U, 301U}) EXPECT_EQ(judge_status(status), passed) << status;
  for (const unsigned status : {401U, 403U, 404U, 405U, 501U}) EXPECT_EQ(judge_status(status), no_page) << status;
  for (const unsigned status : {400U, 429U, 500U, 502U, 504U}) EXPECT_EQ(judge_status(status), bad_status) << status;
  EXPECT_EQ(judge_status(503), loading);
  EXPECT_EQ(judge_status(100), bad_reply);
}

}  // namespace
}  // namespace wp::control
