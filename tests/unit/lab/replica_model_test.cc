#include "tools/lab/replica_model.h"

#include <gtest/gtest.h>

namespace wp::lab {
namespace {

using Blocks = std::vector<replica::BlockHash>;

constexpr Instant at_ms(std::int64_t ms) {
  return Instant{} + millis(ms);
}

// Blocks of 10 tokens, 1,000 tokens a second, 100 tokens a second and stream.
ReplicaModelConfig config(std::uint64_t cache_tokens = 0) {
  return {
      .cache_tokens = cache_tokens, .prefill_rate = 1000, .decode_rate = 100, .overhead = millis(5), .max_running = 2};
}

TEST(ReplicaModel, PrefillsWhatIsNotCachedAndDecodesTheRest) {
  ReplicaModel model(config(), 10, 100);
  const Course cold = model.take(at_ms(0), Blocks{1, 2}, 25, 11);
  EXPECT_EQ(cold.cached_blocks, 0U);
  EXPECT_EQ(cold.uncached_tokens, 25U);
  EXPECT_EQ(cold.first_token, at_ms(30));  // 5 + 25
  EXPECT_EQ(cold.finish, at_ms(130));      // ten more tokens

  const Course warm = model.take(at_ms(1000), Blocks{1, 2, 3}, 35, 1);
  EXPECT_EQ(warm.cached_blocks, 2U);
  EXPECT_EQ(warm.uncached_tokens, 15U);
  EXPECT_EQ(warm.first_token, at_ms(1020));
  EXPECT_EQ(warm.finish, warm.first_token);
}

TEST(ReplicaModel, PrefillsOneAfterTheOther) {
  ReplicaModel model(config(), 10, 100);
  static_cast<void>(model.take(at_ms(0), Blocks{1}, 10, 1));  // until 15
  EXPECT_EQ(model.wait(at_ms(10)), millis(5));
  EXPECT_EQ(model.take(at_ms(10), Blocks{2}, 10, 1).first_token, at_ms(30));
  EXPECT_EQ(model.wait(at_ms(40)), millis(0));
}

TEST(ReplicaModel, RunsNoMoreThanItMay) {
  ReplicaModel model(config(), 10, 100);
  EXPECT_EQ(model.take(at_ms(0), Blocks{1}, 10, 11).finish, at_ms(115));
  EXPECT_EQ(model.take(at_ms(0), Blocks{2}, 10, 31).finish, at_ms(330));
  // Two run until 115: the third's prefill begins then, and the fourth's when that one ends.
  const Course third = model.take(at_ms(50), Blocks{3}, 10, 2);
  EXPECT_EQ(third.first_token, at_ms(130));
  EXPECT_EQ(third.finish, at_ms(140));
  EXPECT_EQ(model.take(at_ms(50), Blocks{4}, 10, 1).first_token, at_ms(155));
}

TEST(ReplicaModel, ForgetsWhatWasUsedLeastRecently) {
  ReplicaModel model(config(30), 10, 100);  // three blocks
  static_cast<void>(model.take(at_ms(0), Blocks{1}, 10, 1));
  static_cast<void>(model.take(at_ms(1), Blocks{2}, 10, 1));
  static_cast<void>(model.take(at_ms(2), Blocks{3}, 10, 1));
  static_cast<void>(model.take(at_ms(3), Blocks{1}, 10, 1));  // used again
  static_cast<void>(model.take(at_ms(4), Blocks{4}, 10, 1));  // instead of 2
  EXPECT_EQ(model.match(Blocks{1}), 1U);
  EXPECT_EQ(model.match(Blocks{2}), 0U);
  EXPECT_EQ(model.match(Blocks{3}), 1U);
}

TEST(ReplicaModel, FindsNothingBehindAGap) {
  ReplicaModel model(config(30), 10, 100);
  static_cast<void>(model.take(at_ms(0), Blocks{1, 2, 3}, 30, 1));
  EXPECT_EQ(model.match(Blocks{1, 2, 9}), 2U);
  EXPECT_EQ(model.match(Blocks{9, 2, 3}), 0U);
  // A prefix outlives what follows it.
  static_cast<void>(model.take(at_ms(1), Blocks{7}, 10, 1));
  EXPECT_EQ(model.match(Blocks{1, 2, 3}), 2U);
}

TEST(ReplicaModel, KeepsTheBeginningOfAPromptThatDoesNotFit) {
  ReplicaModel model(config(20), 10, 100);
  static_cast<void>(model.take(at_ms(0), Blocks{1, 2, 3}, 30, 1));
  EXPECT_EQ(model.match(Blocks{1, 2, 3}), 2U);
}

TEST(ReplicaModel, LosesEverythingWhenItDies) {
  ReplicaModel model(config(), 10, 100);
  static_cast<void>(model.take(at_ms(0), Blocks{1}, 10, 100));
  model.clear();
  EXPECT_EQ(model.match(Blocks{1}), 0U);
  EXPECT_EQ(model.wait(at_ms(1)), millis(0));
}

}  // namespace
}  // namespace wp::lab
