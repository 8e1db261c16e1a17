#include "dataplane/base/deadlines.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp {
namespace {

constexpr Instant at(std::int64_t ms) {
  return Instant{} + millis(ms);
}

std::vector<std::uint32_t> take_all(Deadlines& deadlines, Instant now) {
  std::vector<std::uint32_t> ids;
  std::uint32_t id = 0;
  while (deadlines.take_due(now, id)) ids.push_back(id);
  return ids;
}

TEST(Deadlines, NothingIsDueAtFirst) {
  Deadlines deadlines(4);
  EXPECT_EQ(deadlines.next(), kNever);
  EXPECT_TRUE(take_all(deadlines, at(1'000'000)).empty());
}

TEST(Deadlines, AreTakenInTheirOrderAndOnce) {
  Deadlines deadlines(4);
  deadlines.arm(2, at(30));
  deadlines.arm(0, at(10));
  deadlines.arm(3, at(20));
  EXPECT_EQ(deadlines.next(), at(10));
  EXPECT_EQ(take_all(deadlines, at(25)), (std::vector<std::uint32_t>{0, 3}));
  EXPECT_EQ(deadlines.armed(0), kNever);
  EXPECT_EQ(take_all(deadlines, at(100)), (std::vector<std::uint32_t>{2}));
  EXPECT_TRUE(take_all(deadlines, at(100)).empty());
  EXPECT_EQ(deadlines.next(), kNever);
}

TEST(Deadlines, OneAtNowIsDueAndOneLaterIsNot) {
  Deadlines deadlines(2);
  deadlines.arm(0, at(10));
  EXPECT_TRUE(take_all(deadlines, at(10) - nanos(1)).empty());
  EXPECT_EQ(take_all(deadlines, at(10)).size(), 1U);
}

TEST(Deadlines, MovingLaterHoldsUntilTheLaterTime) {
  Deadlines deadlines(2);
  deadlines.arm(0, at(10));
  deadlines.arm(0, at(50));
  EXPECT_LE(deadlines.next(), at(50)) << "may be early, never late";
  EXPECT_TRUE(take_all(deadlines, at(49)).empty());
  EXPECT_EQ(deadlines.next(), at(50)) << "put back at its own place";
  EXPECT_EQ(take_all(deadlines, at(50)).size(), 1U);
}

TEST(Deadlines, MovingEarlierCountsAtOnce) {
  Deadlines deadlines(2);
  deadlines.arm(0, at(100));
  deadlines.arm(1, at(60));
  deadlines.arm(0, at(5));
  EXPECT_EQ(deadlines.next(), at(5));
  EXPECT_EQ(take_all(deadlines, at(5)), (std::vector<std::uint32_t>{0}));
}

// Later, then earlier again: the stale place in the heap must not win over what was asked for last.
TEST(Deadlines, MovingLaterAndBackEndsAtTheLastOne) {
  Deadlines deadlines(1);
  deadlines.arm(0, at(10));
  deadlines.arm(0, at(90));
  deadlines.arm(0, at(40));
  EXPECT_TRUE(take_all(deadlines, at(39)).empty());
  EXPECT_EQ(take_all(deadlines, at(40)).size(), 1U);
}

TEST(Deadlines, DisarmedIsNeverTakenAndMayBeArmedAgain) {
  Deadlines deadlines(2);
  deadlines.arm(0, at(10));
  deadlines.disarm(0);
  deadlines.disarm(1);
  EXPECT_TRUE(take_all(deadlines, at(20)).empty());
  EXPECT_EQ(deadlines.next(), kNever);
  deadlines.arm(0, at(30));
  deadlines.disarm(0);
  deadlines.arm(0, at(35));
  EXPECT_TRUE(take_all(deadlines, at(34)).empty());
  EXPECT_EQ(take_all(deadlines, at(35)).size(), 1U);
}

TEST(DeadlinesDeathTest, AnIdBeyondTheCapacityIsAWrongProgram) {
  Deadlines deadlines(4);
  EXPECT_DEATH(deadlines.arm(4, at(1)), "assertion failed");
}

// Against a plain table of deadlines: whatever is armed, moved and disarmed, exactly the due ones are taken, and next()
// is never later than the true earliest.
TEST(Deadlines, AgreeWithAPlainTableOverRandomSequences) {
  constexpr std::uint32_t kIds = 40;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    Deadlines deadlines(kIds);
    std::vector<Instant> plain(kIds, kNever);
    std::int64_t now = 0;
    for (int step = 0; step < 2'000; ++step) {
      const std::uint32_t id = rng.below(kIds);
      const std::uint32_t action = rng.below(10);
      if (action < 6) {
        plain[id] = at(now + rng.below(100));
        deadlines.arm(id, plain[id]);
      } else if (action < 8) {
        plain[id] = kNever;
        deadlines.disarm(id);
      } else {
        now += rng.below(60);
        std::vector<std::uint32_t> due;
        for (std::uint32_t i = 0; i < kIds; ++i) {
          if (plain[i] > at(now)) continue;
          plain[i] = kNever;
          due.push_back(i);
        }
        std::vector<std::uint32_t> taken = take_all(deadlines, at(now));
        std::sort(taken.begin(), taken.end());
        ASSERT_EQ(taken, due) << "seed " << seed << " step " << step;
        ASSERT_GT(deadlines.next(), at(now));
      }
      ASSERT_EQ(deadlines.armed(id), plain[id]);
      ASSERT_LE(deadlines.next(), *std::min_element(plain.begin(), plain.end()));
    }
  }
}

}  // namespace
}  // namespace wp
