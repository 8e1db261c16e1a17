#include "dataplane/balance/told_table.h"

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/balance/residency.h"
#include "dataplane/base/rng.h"

namespace wp::balance {
namespace {

using prompt::Rung;

constexpr Instant kNow{seconds(1'000).ns};
constexpr Instant kFar{seconds(1'000'000).ns};

std::vector<std::uint32_t> ids_of(const ToldTable& table, std::uint64_t hash, Instant now = kNow) {
  std::vector<std::uint32_t> ids;
  const Holders found = table.holders(hash, now);
  for (const Holder& holder : found.alive()) ids.push_back(holder.replica_id);
  std::ranges::sort(ids);
  return ids;
}

std::vector<Rung> rung(std::uint64_t hash) {
  return {{hash, 256}};
}

using Ids = std::vector<std::uint32_t>;

TEST(ToldTable, WhatIsToldStandsUntilItIsTakenBack) {
  ToldTable table(64, 4);
  for (const std::uint32_t id : {1U, 3U}) table.hear(id, kFar);
  table.hold(1, mix64(5));
  table.hold(3, mix64(5));
  table.hold(1, mix64(6));
  table.hold(1, mix64(6));
  EXPECT_EQ(ids_of(table, mix64(5)), (Ids{1, 3}));
  EXPECT_EQ(ids_of(table, mix64(5), Instant{kFar.ns - 1}), (Ids{1, 3})) << "nothing ages";
  EXPECT_EQ(table.entries(1), 2U);
  table.drop(1, mix64(5));
  table.drop(1, mix64(5));
  EXPECT_EQ(ids_of(table, mix64(5)), Ids{3});
  EXPECT_EQ(table.entries(1), 1U);
  table.clear(1);
  EXPECT_TRUE(ids_of(table, mix64(6)).empty());
  EXPECT_EQ(table.entries(1), 0U);
  EXPECT_EQ(ids_of(table, mix64(5)), Ids{3});
}

TEST(ToldTable, OnlyWhoIsHeardCounts) {
  ToldTable table(64, 2);
  table.hold(0, mix64(1));
  EXPECT_TRUE(ids_of(table, mix64(1)).empty()) << "nobody speaks for it";
  table.hear(0, kNow + seconds(6));
  EXPECT_EQ(ids_of(table, mix64(1)), Ids{0});
  EXPECT_TRUE(ids_of(table, mix64(1), kNow + seconds(6)).empty());
  table.hear(0, kNow + seconds(60));
  EXPECT_EQ(ids_of(table, mix64(1), kNow + seconds(6)), Ids{0}) << "it is remembered while nobody speaks";
  table.forget(0);
  EXPECT_FALSE(table.heard(0, kNow));
}

TEST(ToldTable, WhatIsExpectedEndsUnlessItIsTold) {
  ToldTable table(64, 2);
  table.expect(0, rung(mix64(1)), {}, kNow);
  table.hear(0, kFar);
  EXPECT_TRUE(ids_of(table, mix64(1)).empty()) << "of one that tells nothing nothing is expected";
  table.expect(0, rung(mix64(1)), rung(mix64(2)), kNow);
  EXPECT_EQ(ids_of(table, mix64(1)), Ids{0});
  EXPECT_EQ(table.entries(0), 0U);
  const Instant end = kNow + ToldTable::kExpectFor;
  EXPECT_EQ(ids_of(table, mix64(1), end - millis(600)), Ids{0});
  EXPECT_TRUE(ids_of(table, mix64(1), end + millis(1)).empty());
  table.hold(0, mix64(2));
  EXPECT_EQ(ids_of(table, mix64(2), end + millis(1)), Ids{0});
  EXPECT_EQ(table.entries(0), 1U);
  table.expect(0, rung(mix64(2)), {}, end);
  EXPECT_EQ(ids_of(table, mix64(2), end + seconds(600)), Ids{0}) << "what is told is no guess again";
}

TEST(ToldTable, WhatIsExpectedIsTakenBackAndRenewed) {
  ToldTable table(64, 2);
  table.hear(0, kFar);
  table.expect(0, rung(mix64(1)), {}, kNow);
  table.expect(0, rung(mix64(1)), {}, kNow + seconds(20));
  EXPECT_EQ(ids_of(table, mix64(1), kNow + seconds(45)), Ids{0});
  table.drop(0, mix64(1));
  EXPECT_TRUE(ids_of(table, mix64(1), kNow + seconds(20)).empty());
  table.expect(0, rung(mix64(1)), {}, kNow);
  table.clear(0);
  EXPECT_TRUE(ids_of(table, mix64(1)).empty());
}

TEST(ToldTable, AGuessNeverPushesOutWhatWasTold) {
  ToldTable table(1, 2);
  for (const std::uint32_t id : {0U, 1U}) table.hear(id, kFar);
  for (std::uint64_t i = 0; i < ToldTable::kWays - 1; ++i) table.hold(0, mix64(i + 1));
  for (std::uint64_t i = 100; i < 120; ++i) table.expect(1, rung(mix64(i)), {}, kNow + millis(300) * i);
  for (std::uint64_t i = 0; i < ToldTable::kWays - 1; ++i) EXPECT_EQ(ids_of(table, mix64(i + 1)), Ids{0});
  EXPECT_EQ(ids_of(table, mix64(119), kNow + seconds(36)), Ids{1}) << "the one that ends last took the one place";
  table.hold(0, mix64(50));
  EXPECT_EQ(table.displaced(), 0U);
  EXPECT_TRUE(ids_of(table, mix64(119), kNow + seconds(36)).empty());
}

TEST(ToldTable, AFullLineLosesWhatWasToldAndCountsIt) {
  ToldTable table(1, 2);
  table.hear(0, kFar);
  for (std::uint64_t i = 0; i < 2 * ToldTable::kWays; ++i) table.hold(0, mix64(i + 1));
  EXPECT_EQ(table.entries(0), ToldTable::kWays);
  EXPECT_EQ(table.displaced(), ToldTable::kWays);
  EXPECT_EQ(ids_of(table, mix64(2 * ToldTable::kWays)), Ids{0});
}

// An entry has but the lowest bits of its epoch.
TEST(ToldTable, WhatWasClearedLongAgoDoesNotComeBack) {
  ToldTable table(64, 2);
  table.hear(0, kFar);
  table.hold(0, mix64(1));
  for (int i = 0; i < 256; ++i) {
    table.clear(0);
    ASSERT_TRUE(ids_of(table, mix64(1)).empty()) << i;
  }
}

TEST(ToldTable, AReplicaThatStartsAnewIsForgottenWithItsResidency) {
  Residency residency(64, 2, 64);
  residency.told().hear(1, kFar);
  residency.told().hold(1, mix64(1));
  residency.wipe(1);
  EXPECT_FALSE(residency.told().heard(1, kNow));
  residency.told().hear(1, kFar);
  EXPECT_TRUE(ids_of(residency.told(), mix64(1)).empty());
}

// Shards look and guess while the control thread tells: what it told is there when they are done, and nothing else is.
TEST(ToldTable, ShardsGuessWhileTheControlThreadTells) {
  static constexpr std::uint32_t kReplicas = 4;
  constexpr std::uint64_t kHashes = 40;
  ToldTable table(16, kReplicas);
  std::vector<std::vector<bool>> held(kReplicas, std::vector<bool>(kHashes));
  for (std::uint32_t id = 0; id < kReplicas; ++id) table.hear(id, kFar);
  {
    std::vector<std::jthread> shards;
    for (std::uint64_t shard = 0; shard < 3; ++shard) {
      shards.emplace_back([&table, shard] {
        Rng rng(shard);
        for (int i = 0; i < 5'000; ++i) {
          table.expect(rng.below(kReplicas), rung(mix64(rng.below(2 * kHashes))), {}, kNow);
          for (const std::uint32_t id : ids_of(table, mix64(rng.below(kHashes)))) EXPECT_LT(id, kReplicas);
        }
      });
    }
    Rng rng(7);
    for (int i = 0; i < 5'000; ++i) {
      const std::uint32_t id = rng.below(kReplicas);
      const std::uint64_t number = rng.below(kHashes);
      held[id][number] = rng.chance(0.5);
      held[id][number] ? table.hold(id, mix64(number)) : table.drop(id, mix64(number));
      if (i % 500 != 499) continue;
      table.clear(id);
      held[id].assign(kHashes, false);
    }
  }
  const Instant later = kNow + ToldTable::kExpectFor + seconds(1);
  std::uint64_t missing = 0;
  for (std::uint64_t number = 0; number < kHashes; ++number) {
    const Ids ids = ids_of(table, mix64(number), later);
    for (std::uint32_t id = 0; id < kReplicas; ++id) {
      const bool there = std::ranges::find(ids, id) != ids.end();
      EXPECT_TRUE(held[id][number] || !there) << id << " is believed to hold " << number;
      missing += held[id][number] && !there ? 1 : 0;
    }
  }
  EXPECT_LE(missing, table.displaced()) << "only a full line loses anything";
}

}  // namespace
}  // namespace wp::balance
