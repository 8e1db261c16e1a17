#include "controlplane/feeds/block_cache.h"

#include <vector>

#include <gtest/gtest.h>

namespace wp::feeds {
namespace {

constexpr Instant kCacheStart{1'000'000'000};

// Blocks of two tokens, each named by its first one and an offset that is the engine's own.
struct StoringEngine {
  explicit StoringEngine(BlockName names = 100, BlockCache::Limits limits = {}) : offset(names), cache(limits) {}

  BlockName offset;
  BlockCache cache;
  Instant now = kCacheStart;

  [[nodiscard]] BlockEvent stored(std::vector<std::uint64_t> firsts, std::optional<std::uint64_t> parent = {}) const {
    BlockEvent event{.kind = BlockEvent::Kind::stored, .block_tokens = 2};
    if (parent) event.parent = offset + *parent;
    for (const std::uint64_t first : firsts) {
      event.blocks.push_back(offset + first);
      event.tokens.insert(event.tokens.end(), {first, first});
    }
    return event;
  }
  [[nodiscard]] BlockEvent removed(std::vector<std::uint64_t> firsts) const {
    BlockEvent event{.kind = BlockEvent::Kind::removed};
    for (const std::uint64_t first : firsts) event.blocks.push_back(offset + first);
    return event;
  }
  void apply(std::vector<BlockEvent> events) {
    cache.apply({.events = std::move(events)}, now);
    now = now + millis(10);
  }
  [[nodiscard]] std::vector<ChainKey> last_run(std::uint32_t depth) const {
    const auto runs = cache.runs(depth, depth, kCacheStart, now);
    return runs.empty() ? std::vector<ChainKey>{} : cache.path(runs.back().last);
  }
};

TEST(BlockCache, APrefixIsThereWhenAllOfItIs) {
  StoringEngine a;
  a.apply({a.stored({1, 2}), a.stored({3, 4}, 2)});
  const std::vector<ChainKey> path = a.last_run(4);
  ASSERT_EQ(path.size(), 4U);
  EXPECT_TRUE(a.cache.holds(path[3]));
  static_cast<void>(a.cache.take_changed());
  a.apply({a.removed({2})});
  EXPECT_EQ(a.cache.take_changed().size(), 3U);
  EXPECT_TRUE(a.cache.holds(path[0]));
  for (std::size_t i = 1; i < 4; ++i) EXPECT_FALSE(a.cache.holds(path[i])) << i;
  a.apply({a.stored({2}, 1)});
  EXPECT_TRUE(a.cache.holds(path[3])) << "what followed was there all the time";
  a.apply({a.removed({4, 3, 2, 1})});
  EXPECT_EQ(a.cache.blocks(), 0U);
}

TEST(BlockCache, EqualPrefixesHaveEqualKeysWhateverTheyAreCalled) {
  StoringEngine a;
  StoringEngine b(7000);
  a.apply({a.stored({1, 2})});
  b.apply({b.stored({1}), b.stored({2}, 1)});
  EXPECT_EQ(a.last_run(2), b.last_run(2));
  StoringEngine salted;
  BlockEvent event = salted.stored({1, 2});
  event.variant = 5;
  salted.apply({event});
  EXPECT_NE(salted.last_run(2), a.last_run(2));
  EXPECT_NE(a.last_run(2)[0], a.last_run(2)[1]);
}

TEST(BlockCache, ABlockThatWasStoredTwiceIsRemovedTwice) {
  StoringEngine a;
  a.apply({a.stored({1, 2}), a.stored({1, 2})});
  const auto path = a.last_run(2);
  a.apply({a.removed({2})});
  EXPECT_TRUE(a.cache.holds(path[1]));
  a.apply({a.removed({2, 2})});
  EXPECT_FALSE(a.cache.holds(path[1]));
}

TEST(BlockCache, WhatFollowsAnUnknownBlockIsUnknown) {
  StoringEngine a;
  a.apply({a.stored({2, 3}, 1), a.removed({9})});
  EXPECT_EQ(a.cache.blocks(), 0U);
  EXPECT_EQ(a.cache.counts().orphans, 1U);
  BlockEvent other = a.stored({1});
  a.apply({other});
  other.block_tokens = 1;
  other.tokens.pop_back();
  a.apply({other});
  EXPECT_EQ(a.cache.counts().orphans, 2U) << "blocks have one size";
}

TEST(BlockCache, OtherMediaAndPartialLayersSayNothingOfPrefixes) {
  StoringEngine a;
  BlockEvent window = a.stored({1});
  window.partial = true;
  window.group = 3;
  BlockEvent moved = a.stored({1});
  moved.elsewhere = true;
  a.apply({a.stored({1}), window, moved});
  BlockEvent gone = a.removed({1});
  gone.group = 3;
  a.apply({gone});
  EXPECT_EQ(a.cache.all_held().size(), 1U);
}

TEST(BlockCache, ARunEndsWhereNothingFollowedInItsBatch) {
  StoringEngine a;
  a.apply({a.stored({1, 2}), a.stored({3}, 2), a.stored({5}, 1)});
  a.apply({a.stored({4}, 3)});
  EXPECT_EQ(a.cache.runs(3, 3, kCacheStart, a.now).size(), 1U);
  EXPECT_EQ(a.cache.runs(2, 2, kCacheStart, a.now).size(), 1U) << "the one that 5 ends";
  const auto decoded = a.cache.runs(4, 4, kCacheStart, a.now);
  ASSERT_EQ(decoded.size(), 1U);
  EXPECT_EQ(decoded[0].from, 4U);
  EXPECT_EQ(decoded[0].at, kCacheStart + millis(10));
  EXPECT_TRUE(a.cache.runs(4, 4, kCacheStart, kCacheStart + millis(9)).empty());
  const auto path = a.cache.path(decoded[0].last);
  EXPECT_EQ(a.cache.older(path, kCacheStart + millis(10)), 3U);
}

TEST(BlockCache, ItIsBounded) {
  StoringEngine a(100, {.blocks = 3, .runs = 2});
  a.apply({a.stored({1, 2, 3, 4, 5})});
  EXPECT_EQ(a.cache.blocks(), 3U);
  EXPECT_EQ(a.cache.counts().overflow, 2U);
  for (int i = 0; i < 4; ++i) a.apply({a.stored({1})});
  EXPECT_EQ(a.cache.runs(1, 3, kCacheStart, a.now).size(), 2U);
  a.now = a.now + seconds(200);
  a.apply({});
  EXPECT_TRUE(a.cache.runs(1, 3, kCacheStart, a.now).empty());
}

TEST(BlockCache, ClearedItHoldsNothing) {
  StoringEngine a;
  a.apply({a.stored({1, 2})});
  static_cast<void>(a.cache.take_changed());
  a.apply({{.kind = BlockEvent::Kind::cleared}, a.stored({7})});
  EXPECT_EQ(a.cache.take_changed().size(), 3U);
  EXPECT_EQ(a.cache.all_held(), a.last_run(1));
}

}  // namespace
}  // namespace wp::feeds
