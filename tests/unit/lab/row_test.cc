#include "tools/lab/row.h"

#include <gtest/gtest.h>

#include "tests/unit/lab/world.h"

namespace wp::lab {
namespace {

Outcome outcome_of(std::initializer_list<Served> served, std::initializer_list<ReplicaWork> work) {
  Outcome outcome;
  outcome.served = served;
  outcome.work = work;
  return outcome;
}

Served at(std::uint32_t replica, Duration ttft, Reason decision = Reason::prefix) {
  return {.replica = replica, .decision = decision, .cached_blocks = 0, .attempts = 1, .ttft = ttft, .answered = true};
}

TEST(Row, PercentilesAreTheNearestRank) {
  std::vector<MooncakeLine> lines(10, mooncake(0, {1}));
  Outcome outcome;
  for (int i = 1; i <= 10; ++i) outcome.served.push_back(at(0, millis(i)));
  const Row row = make_row("x", trace_of(lines), outcome);
  EXPECT_DOUBLE_EQ(row.ttft_p50_ms, 5);
  EXPECT_DOUBLE_EQ(row.ttft_p90_ms, 9);
  EXPECT_DOUBLE_EQ(row.ttft_p99_ms, 10);
}

TEST(Row, KeptSessionsAreThoseThatStay) {
  const Trace trace =
      trace_of({mooncake(0, {1}), mooncake(0, {1}), mooncake(0, {2}), mooncake(0, {1}), mooncake(0, {1})});
  const Row row = make_row("x", trace, outcome_of({at(0, {}), at(0, {}), at(1, {}), at(1, {}), at(1, {})}, {}));
  ASSERT_TRUE(row.sessions_kept);
  EXPECT_DOUBLE_EQ(*row.sessions_kept, 2.0 / 3);  // kept, moved, kept

  const Trace strangers = trace_of({mooncake(0, {1}), mooncake(0, {2})});
  EXPECT_FALSE(make_row("x", strangers, outcome_of({at(0, {}), at(0, {})}, {})).sessions_kept);
}

TEST(Row, ImbalanceIsByTheTimeThatAReplicaWasThere) {
  const Trace trace = trace_of({mooncake(0, {1})});
  const Outcome outcome = outcome_of({at(0, {})}, {{300, seconds(10)}, {100, seconds(5)}, {0, seconds(5)}});
  // 30, 20 and 0 tokens a second; 20 on the mean.
  EXPECT_DOUBLE_EQ(make_row("x", trace, outcome).imbalance, 1.5);
  EXPECT_DOUBLE_EQ(make_row("x", trace, outcome_of({at(0, {})}, {{0, seconds(1)}})).imbalance, 1);
}

TEST(Row, CountsSpills) {
  const Trace trace = trace_of({mooncake(0, {1}), mooncake(0, {1}), mooncake(0, {1})});
  const Row row =
      make_row("x", trace, outcome_of({at(0, {}), at(0, {}, Reason::spill), at(0, {}, Reason::saturated)}, {}));
  EXPECT_EQ(row.spills, 2U);
}

}  // namespace
}  // namespace wp::lab
