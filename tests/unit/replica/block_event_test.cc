#include "tools/replica/block_event.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "tools/replica/engine.h"

namespace wp::replica {
namespace {

constexpr Instant kBlocksStart{1'000'000'000};
constexpr std::uint32_t kBlock = 4;

EngineConfig blocks_config(bool events = true) {
  EngineConfig c;
  c.prefill_rate = 10'000;
  c.decode_rate = 1'000;
  c.overhead = millis(1);
  c.block_tokens = kBlock;
  c.kv_tokens = 40 * kBlock;
  c.max_running = 3;
  c.block_events = events;
  return c;
}

Request request(std::vector<Token> tokens, std::uint32_t reply) {
  Request r;
  r.prompt_tokens = static_cast<std::uint32_t>(tokens.size()) - reply;
  r.tokens = std::move(tokens);
  r.root = 7;
  return r;
}

std::vector<BlockEvent> run(Engine& engine, Instant until) {
  std::vector<Event> events;
  engine.poll(until, events);
  return engine.take_block_events();
}

// What a listener believes to be cached. Every event must fit what it believes already.
void apply(std::set<BlockHash>& cached, const BlockEvent& event) {
  if (event.kind == BlockEvent::Kind::cleared) return cached.clear();
  for (const BlockHash hash : event.hashes) {
    const bool changed = event.kind == BlockEvent::Kind::stored ? cached.insert(hash).second : cached.erase(hash) == 1;
    ASSERT_TRUE(changed);
  }
  if (event.kind != BlockEvent::Kind::stored) return;
  EXPECT_EQ(chain_hashes(event.tokens, kBlock, event.begins ? 7 : event.parent), event.hashes);
}

TEST(BlockEvent, APromptAndItsReplyAreStoredOneBehindTheOther) {
  Engine engine(blocks_config());
  ASSERT_TRUE(engine.submit(kBlocksStart, request({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, 5)));
  const auto events = run(engine, kBlocksStart + seconds(1));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, BlockEvent::Kind::stored);
  EXPECT_TRUE(events[0].begins);
  EXPECT_EQ(events[0].tokens.size(), 12U) << "the last token's entries are never computed";
  EXPECT_EQ(events[0].hashes, chain_hashes(events[0].tokens, kBlock, 7));
}

TEST(BlockEvent, WhatIsCachedAlreadyIsTheParentOfTheRest) {
  Engine engine(blocks_config());
  ASSERT_TRUE(engine.submit(kBlocksStart, request({1, 2, 3, 4, 5, 6, 7, 8, 9}, 0)));
  const auto first = run(engine, kBlocksStart + seconds(1));
  ASSERT_TRUE(engine.submit(kBlocksStart + seconds(2), request({1, 2, 3, 4, 5, 6, 7, 8, 90, 91, 92, 93}, 0)));
  const auto second = run(engine, kBlocksStart + seconds(3));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_FALSE(second[0].begins);
  EXPECT_EQ(second[0].parent, first[0].hashes.back());
  EXPECT_EQ(second[0].tokens, (std::vector<Token>{90, 91, 92, 93}));
}

TEST(BlockEvent, NoneAreKeptWhereNobodyAsks) {
  Engine engine(blocks_config(false));
  ASSERT_TRUE(engine.submit(kBlocksStart, request({1, 2, 3, 4, 5}, 0)));
  EXPECT_TRUE(run(engine, kBlocksStart + seconds(1)).empty());
  EXPECT_TRUE(engine.reset_cache());
  EXPECT_TRUE(engine.take_block_events().empty());
}

TEST(BlockEvent, TheCacheIsClearedOnlyWhileNobodyHoldsBlocks) {
  Engine engine(blocks_config());
  ASSERT_TRUE(engine.submit(kBlocksStart, request({1, 2, 3, 4, 5}, 0)));
  EXPECT_FALSE(engine.reset_cache());
  EXPECT_FALSE(run(engine, kBlocksStart + seconds(1)).empty());
  EXPECT_TRUE(engine.reset_cache());
  EXPECT_EQ(engine.cache().cached(), 0U);
  const auto events = engine.take_block_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, BlockEvent::Kind::cleared);
  ASSERT_TRUE(engine.submit(kBlocksStart + seconds(2), request({1, 2, 3, 4, 5}, 0)));
  EXPECT_EQ(run(engine, kBlocksStart + seconds(3)).size(), 1U) << "it is stored anew";
}

// Requests that share beginnings, come while others run, are cancelled, and need more blocks than there are.
TEST(BlockEvent, AListenerKnowsTheCacheAtEveryMoment) {
  Engine engine(blocks_config());
  Rng rng(1);
  std::set<BlockHash> cached;
  Instant now = kBlocksStart;
  for (int i = 0; i < 2000; ++i) {
    now = now + micros(rng.between(0, 8000));
    std::vector<Token> tokens(rng.between(2, 80));
    const Token family = rng.below(6);
    const std::uint32_t own = rng.between(0, 60);
    for (std::size_t t = 0; t < tokens.size(); ++t)
      tokens[t] = family * 1000 + static_cast<Token>(t) + (t > own ? i : 0);
    const auto id = engine.submit(now, request(tokens, rng.below(2)));
    if (id && rng.chance(0.1)) {
      EXPECT_TRUE(engine.cancel(*id, now));
    }
    std::vector<Event> events;
    engine.poll(now, events);
    if (i % 500 == 499) static_cast<void>(engine.reset_cache());
    for (const BlockEvent& event : engine.take_block_events()) apply(cached, event);
    ASSERT_EQ(cached.size(), engine.cache().cached());
  }
  EXPECT_GT(engine.cache().evicted(), 100U);
}

}  // namespace
}  // namespace wp::replica
