#include "tools/lab/rivals/sglang_cache_aware.h"

#include <gtest/gtest.h>

#include "tests/unit/lab/world.h"

namespace wp::lab {
namespace {

TEST(SglangCacheAware, FollowsTheOwnerOfWhatItKnows) {
  // Matches: 0/4, 2/4 = .5 > .3, 1/4 = .25, 4/4.
  World world("sglang-cache-aware", 3, {{1, 2, 3, 4}, {1, 2, 5, 6}, {1, 7, 8, 9}, {1, 7, 8, 9}});
  EXPECT_EQ(world.send(0), 0U);  // nothing known: the least loaded, the first of equals
  EXPECT_EQ(world.send(1), 0U);  // block 2's owner, though it is the busiest
  EXPECT_EQ(world.send(2), 1U);  // too little known: the least loaded
  EXPECT_EQ(world.send(3), 1U);  // block 9's owner
}

TEST(SglangCacheAware, OfEqualLoadTheOneWithFewestRequestsSoFar) {
  World world("sglang-cache-aware", 2, {{1}, {2}, {3}});
  EXPECT_EQ(world.send(0), 0U);
  world.end(0);
  EXPECT_EQ(world.send(1), 1U);  // both idle, but 0 had one
  world.end(1);
  EXPECT_EQ(world.send(2), 0U);
}

TEST(SglangCacheAware, LeavesTheOwnerWhenLoadsAreFarApart) {
  // 65 requests of one prompt lie on 0: 65 - 0 > 64 and 65 > 1.5 * 0. The 66th goes to the least loaded.
  World world("sglang-cache-aware", 2, std::vector<std::vector<std::uint64_t>>(68, {1, 2}));
  for (std::uint32_t i = 0; i < 65; ++i) EXPECT_EQ(world.send(i), 0U) << i;
  EXPECT_EQ(world.send(65), 1U);
  EXPECT_EQ(world.decision(), Reason::spill);
  // 65 - 1 is not above 64: the first owner again, who brought the block there.
  EXPECT_EQ(world.send(66), 0U);
}

TEST(SglangCacheAware, ForgetsTheLeastRecentlyUsedEnds) {
  // A share of four blocks (8,192 characters) on the only worker.
  const Trace trace = trace_of({mooncake(0, {1, 2}), mooncake(1, {1, 3}), mooncake(2, {5}), mooncake(3, {6})});
  Fleet fleet;
  fleet.emplace_back(ReplicaModelConfig{}, trace.block_tokens, trace.distinct_blocks);
  const RouterNeeds needs{fleet, trace, 1};
  SglangCacheAware router(needs, {.max_tree_chars = 3 * 2048});
  balance::Snapshot snapshot;
  snapshot.replicas.resize(1);
  const balance::Pool pool;
  const balance::Accounts accounts(1, 1);
  Rng rng(1);
  std::uint32_t turn = 0;
  const prompt::Features none;
  const balance::PickInput input{
      .snapshot = snapshot, .pool = pool, .accounts = accounts, .rng = rng, .turn = turn, .now = {}, .features = none};
  const auto send = [&](std::size_t number, Duration at) {
    const TraceRequest& request = trace.requests[number];
    router.sent({Instant{} + at, input, request, trace.blocks_of(request)}, snapshot.replicas[0]);
  };
  send(0, seconds(1));
  send(1, seconds(2));
  send(2, seconds(3));    // blocks 1 2 3 5
  send(3, seconds(121));  // first the eviction: down to three blocks, without 2
  EXPECT_EQ(router.matched(trace.blocks_of(trace.requests[0])), 1U);
  EXPECT_EQ(router.matched(trace.blocks_of(trace.requests[1])), 2U);
  EXPECT_EQ(router.matched(trace.blocks_of(trace.requests[2])), 1U);
  EXPECT_EQ(router.matched(trace.blocks_of(trace.requests[3])), 1U);
}

}  // namespace
}  // namespace wp::lab
