#include "dataplane/balance/report_table.h"

#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

constexpr Instant at_ms(std::int64_t ms) {
  return Instant{} + millis(ms);
}

TEST(ReportTable, WhatOthersSentHoldsUntilItsTime) {
  ReportTable table(4);
  EXPECT_EQ(table.others(2, at_ms(0)), 0U);
  table.set_others(2, 5'000, at_ms(1'000));
  EXPECT_EQ(table.others(2, at_ms(0)), 5'000U);
  EXPECT_EQ(table.others(2, at_ms(999)), 5'000U);
  EXPECT_EQ(table.others(2, at_ms(1'000)), 0U) << "too old to say anything";
  EXPECT_EQ(table.others(1, at_ms(0)), 0U) << "another replica";
  table.set_others(2, 7, at_ms(2'000));
  EXPECT_EQ(table.others(2, at_ms(1'500)), 7U);
  table.set_others(2, 0, at_ms(9'000));
  EXPECT_EQ(table.others(2, at_ms(1'500)), 0U);
}

TEST(ReportTable, AForgottenReplicaHasNothingAndTooMuchIsTheMost) {
  ReportTable table(1);
  table.set_others(0, std::uint64_t{1} << 40U, at_ms(10));
  EXPECT_EQ(table.others(0, at_ms(0)), ReportTable::kMostTokens);
  table.forget(0);
  EXPECT_EQ(table.others(0, at_ms(0)), 0U);
}

// A prompt that nobody holds goes elsewhere when the engine says that others wait at the first choice, which our own
// accounts do not know of.
TEST(ReportTable, WarmWalksAroundAQueueThatIsNotOurs) {
  testing::Fleet fleet(3, Strategy::warm);
  const prompt::Rung ladder[] = {{mix64(1), 4'000}};
  fleet.features.ladder = ladder;
  fleet.features.canonical_bytes = 4'000;
  fleet.features.estimated_tokens = 1'000;
  fleet.now = at_ms(1'000);
  const std::uint32_t home = pick(fleet.input_again()).replica->ref.id;
  fleet.accounts.reports().set_others(home, 50'000, at_ms(3'000));
  EXPECT_NE(pick(fleet.input_again()).replica->ref.id, home);
  fleet.now = at_ms(3'000);
  EXPECT_EQ(pick(fleet.input_again()).replica->ref.id, home) << "as if nothing had been said";
}

// Whatever a shard reads was written as a whole: the tokens of a report and the time until which they hold.
TEST(ReportTable, ShardsReadWhileReportsCome) {
  constexpr std::uint32_t kReplicas = 4;
  ReportTable table(kReplicas);
  {
    std::vector<std::jthread> shards;
    for (std::uint64_t shard = 0; shard < 3; ++shard) {
      shards.emplace_back([&table, shard] {
        Rng rng(shard);
        for (int i = 0; i < 20'000; ++i) {
          const std::uint32_t now = rng.below(1'000);
          const std::uint32_t tokens = table.others(rng.below(kReplicas), at_ms(now));
          EXPECT_TRUE(tokens == 0 || tokens > now) << tokens << " at " << now;
        }
      });
    }
    Rng rng(7);
    for (int i = 0; i < 20'000; ++i) {
      const std::uint32_t until = rng.below(1'000) + 1;
      table.set_others(rng.below(kReplicas), until, at_ms(until));
      if (i % 64 == 0) table.forget(rng.below(kReplicas));
    }
  }
  table.set_others(0, 3, at_ms(10));
  EXPECT_EQ(table.others(0, at_ms(9)), 3U);
}

}  // namespace
}  // namespace wp::balance
