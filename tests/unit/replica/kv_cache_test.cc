#include "tools/replica/kv_cache.h"

#include <vector>

#include <gtest/gtest.h>

namespace wp::replica {
namespace {

using Hashes = std::vector<BlockHash>;

// Takes, fills and releases blocks for `hashes`, as a request that runs alone does. Returns how many were cached.
std::uint32_t pass(KvCache& cache, const Hashes& hashes) {
  std::vector<BlockId> held;
  std::uint32_t cached = 0;
  const bool room = cache.reserve(hashes, static_cast<std::uint32_t>(hashes.size()), held, cached);
  EXPECT_TRUE(room);
  for (std::size_t i = cached; i < hashes.size(); ++i) cache.commit(held[i], hashes[i]);
  cache.release(held);
  return cached;
}

TEST(ChainHashes, CoverFullBlocksAndEverythingBefore) {
  const std::vector<Token> tokens = {1, 2, 3, 4, 5, 6, 7};
  const Hashes hashes = chain_hashes(tokens, 2, 9);
  ASSERT_EQ(hashes.size(), 3U);  // the seventh token fills no block

  std::vector<Token> other = tokens;
  other[2] = 99;
  const Hashes changed = chain_hashes(other, 2, 9);
  EXPECT_EQ(changed[0], hashes[0]);
  EXPECT_NE(changed[1], hashes[1]);
  EXPECT_NE(changed[2], hashes[2]) << "an equal block behind an unlike one is another block";
  EXPECT_NE(chain_hashes(tokens, 2, 10)[0], hashes[0]) << "another root shares nothing";
}

TEST(KvCache, FindsAPrefixAgain) {
  KvCache cache(8);
  EXPECT_EQ(pass(cache, {1, 2, 3}), 0U);
  EXPECT_EQ(pass(cache, {1, 2, 3}), 3U);
  EXPECT_EQ(pass(cache, {1, 2, 9}), 2U);
  EXPECT_EQ(pass(cache, {7, 2, 3}), 0U) << "what follows an unknown block does not count";
  EXPECT_EQ(cache.cached(), 5U) << "1 2 3 9 7";
}

TEST(KvCache, EvictsLeastRecentlyUsedFirst) {
  KvCache cache(4);
  pass(cache, {1});
  pass(cache, {2});
  pass(cache, {3});
  pass(cache, {4});
  EXPECT_EQ(pass(cache, {1}), 1U);  // now 2 is the oldest
  pass(cache, {5});
  EXPECT_EQ(cache.evicted(), 1U);
  EXPECT_EQ(cache.match(Hashes{2}), 0U);
  pass(cache, {6});
  EXPECT_EQ(cache.match(Hashes{3}), 0U);
  EXPECT_EQ(cache.match(Hashes{1}), 1U);
  EXPECT_EQ(cache.match(Hashes{4}), 1U);
}

TEST(KvCache, APrefixOutlivesWhatFollowsIt) {
  KvCache cache(4);
  pass(cache, {1, 2, 3, 4});
  pass(cache, {9});
  EXPECT_EQ(cache.match(Hashes{1, 2, 3, 4}), 3U);
  pass(cache, {8});
  EXPECT_EQ(cache.match(Hashes{1, 2, 3, 4}), 2U);
}

TEST(KvCache, PinnedBlocksAreNotEvicted) {
  KvCache cache(4);
  std::vector<BlockId> first;
  std::vector<BlockId> second;
  std::uint32_t cached = 0;
  ASSERT_TRUE(cache.reserve(Hashes{1, 2, 3}, 3, first, cached));
  for (std::size_t i = 0; i < 3; ++i) cache.commit(first[i], i + 1);
  EXPECT_EQ(cache.pinned(), 3U);

  EXPECT_FALSE(cache.reserve(Hashes{7, 8}, 2, second, cached));
  EXPECT_EQ(cache.pinned(), 3U) << "a refusal changes nothing";
  EXPECT_EQ(cache.evicted(), 0U);
  EXPECT_TRUE(second.empty());

  cache.release(first);
  ASSERT_TRUE(cache.reserve(Hashes{7, 8}, 2, second, cached));
  EXPECT_EQ(cache.evicted(), 1U);
  EXPECT_EQ(cache.match(Hashes{1, 2, 3}), 2U);
  cache.release(second);
}

TEST(KvCache, ARequestDoesNotEvictItsOwnPrefix) {
  KvCache cache(3);
  pass(cache, {1, 2});
  std::vector<BlockId> held;
  std::uint32_t cached = 0;
  // Three blocks in all, two of them the prefix: one more fits, two do not.
  EXPECT_FALSE(cache.reserve(Hashes{1, 2}, 4, held, cached));
  ASSERT_TRUE(cache.reserve(Hashes{1, 2}, 3, held, cached));
  EXPECT_EQ(cached, 2U);
  EXPECT_EQ(cache.evicted(), 0U);
  cache.release(held);
}

TEST(KvCache, SharersPinAPrefixTogether) {
  KvCache cache(4);
  pass(cache, {1, 2});
  std::vector<BlockId> a;
  std::vector<BlockId> b;
  std::uint32_t cached = 0;
  ASSERT_TRUE(cache.reserve(Hashes{1, 2}, 2, a, cached));
  ASSERT_TRUE(cache.reserve(Hashes{1, 2}, 2, b, cached));
  EXPECT_EQ(a, b);
  EXPECT_EQ(cache.pinned(), 2U);
  cache.release(a);
  EXPECT_EQ(cache.pinned(), 2U) << "the other still holds them";
  cache.release(b);
  EXPECT_EQ(cache.pinned(), 0U);
}

TEST(KvCache, ASecondBlockOfTheSameHashStaysPrivate) {
  KvCache cache(4);
  std::vector<BlockId> a;
  std::vector<BlockId> b;
  std::uint32_t cached = 0;
  ASSERT_TRUE(cache.reserve(Hashes{1}, 1, a, cached));
  ASSERT_TRUE(cache.reserve(Hashes{1}, 1, b, cached));
  cache.commit(a[0], 1);
  cache.commit(b[0], 1);
  EXPECT_EQ(cache.cached(), 1U);
  cache.release(b);
  EXPECT_EQ(cache.match(Hashes{1}), 1U);
  EXPECT_EQ(cache.pinned(), 1U);
  cache.release(a);
  EXPECT_EQ(cache.pinned(), 0U);
  EXPECT_EQ(cache.cached(), 1U);
}

}  // namespace
}  // namespace wp::replica
