#include "tools/lab/demand.h"

#include <gtest/gtest.h>

#include "tests/unit/lab/world.h"

namespace wp::lab {
namespace {

// 512 tokens a second, no overhead: a block is a second. Two replicas.
SimulationConfig small_fleet() {
  SimulationConfig made;
  made.replicas = 2;
  made.replica = {.cache_tokens = 0, .prefill_rate = 512, .decode_rate = 1, .overhead = {}, .max_running = 8};
  return made;
}

TEST(Demand, FindsTheSpeedOfAUtilisation) {
  // Four blocks of 512 tokens in 10 s, one of them twice: 1,536 tokens to prefill, at 2 * 512 a second.
  const Trace trace = trace_of({mooncake(0, {1, 2}), mooncake(10'000, {1, 3})});
  EXPECT_DOUBLE_EQ(speed_for(trace, small_fleet(), 0.3), 2);
  EXPECT_DOUBLE_EQ(speed_for(trace_of({mooncake(0, {1})}), small_fleet(), 0.5), 1);
  SimulationConfig slow = small_fleet();
  slow.replica.overhead = millis(1500);  // of each of two requests
  EXPECT_DOUBLE_EQ(speed_for(trace, slow, 0.3), 1);
}

TEST(Demand, CountsWhatAllCachesTogetherForget) {
  const Trace trace = trace_of({mooncake(0, {1, 2}), mooncake(0, {3, 4}), mooncake(10'000, {1, 2})});
  SimulationConfig small = small_fleet();
  EXPECT_DOUBLE_EQ(speed_for(trace, small, 0.2), 1);  // four blocks
  small.replica.cache_tokens = 512;                   // two blocks in all
  EXPECT_DOUBLE_EQ(speed_for(trace, small, 0.3), 1);  // six
}

TEST(Demand, ConversationsThatAreKeptWholePackSoEvenly) {
  const auto three = trace_of({mooncake(0, {1, 2, 3, 4}), mooncake(0, {5}), mooncake(0, {1, 2, 3, 4})});
  EXPECT_DOUBLE_EQ(packing_floor(three, 2), 4.0 / 2.5);  // four blocks of five on one of two
  EXPECT_DOUBLE_EQ(packing_floor(three, 1), 1);
  const auto alike = trace_of({mooncake(0, {1}), mooncake(0, {2}), mooncake(0, {3})});
  EXPECT_DOUBLE_EQ(packing_floor(alike, 2), 2 / 1.5);  // two must share a replica
}

TEST(Demand, CachesHaveAShareButRoomForTwoPrompts) {
  const Trace trace = trace_of({mooncake(0, {1, 2}), mooncake(0, {3, 4}), mooncake(0, {5, 6}), mooncake(0, {7, 8})});
  EXPECT_EQ(cache_of_share(trace, 1, 0.75), 6U * 512);
  EXPECT_EQ(cache_of_share(trace, 2, 0.75), 4U * 512);
}

}  // namespace
}  // namespace wp::lab
