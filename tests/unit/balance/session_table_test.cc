#include "dataplane/balance/session_table.h"

#include <gtest/gtest.h>

namespace wp::balance {
namespace {

constexpr std::uint32_t kOnePool = 1;

TEST(SessionTable, RemembersWhereASessionWentLast) {
  SessionTable table(64, kOnePool);
  const std::uint64_t key = 0x123456789abcdef0;
  EXPECT_FALSE(table.move(key, {5, 1}, {}).known);
  EXPECT_TRUE(table.move(key, {6, 3}, {}).is({5, 1}));
  const LastReplica last = table.move(key, {6, 3}, {});
  EXPECT_TRUE(last.is({6, 3}));
  EXPECT_FALSE(last.is({6, 4})) << "the id's next owner";
  EXPECT_FALSE(table.move(~key, {5, 1}, {}).known) << "another session";
  EXPECT_FALSE(LastReplica{}.is({0, 1}));
}

TEST(SessionTable, TheLongestSilentMakesRoom) {
  SessionTable table(SessionTable::kWays, kOnePool);
  const auto key = [](std::uint64_t i) { return (i + 1) << 50U; };
  Instant now;
  for (std::uint32_t i = 0; i < SessionTable::kWays; ++i, now = now + seconds(60)) {
    EXPECT_FALSE(table.move(key(i), {i, 1}, now).known);
  }
  EXPECT_TRUE(table.move(key(0), {0, 1}, now).known) << "the first speaks again, so the second is the oldest";
  EXPECT_FALSE(table.move(key(100), {7, 1}, now).known);
  EXPECT_TRUE(table.move(key(0), {0, 1}, now).known);
  EXPECT_TRUE(table.move(key(2), {2, 1}, now).known);
  EXPECT_FALSE(table.move(key(1), {1, 1}, now).known);
}

TEST(SessionTable, ManySessionsFitIntoWhatWasAskedFor) {
  SessionTable table(65'536, kOnePool);
  std::uint64_t mixed = 1;
  const auto next = [&mixed] { return mixed = mixed * 6364136223846793005U + 1442695040888963407U; };
  std::vector<std::uint64_t> keys(40'000);
  for (std::uint64_t& key : keys) key = next() ^ next() >> 32U;
  std::uint32_t known = 0;
  for (const std::uint64_t key : keys) known += table.move(key, {1, 1}, {}).known ? 1 : 0;
  EXPECT_LE(known, 1U) << "taken for another";
  for (const std::uint64_t key : keys) known += table.move(key, {1, 1}, {}).known ? 1 : 0;
  EXPECT_GT(known, 37'000U);
}

TEST(SessionTable, CountsByPool) {
  SessionTable table(64, 2);
  table.count(0, SessionFate::kept);
  table.count(0, SessionFate::kept);
  table.count(1, SessionFate::left);
  EXPECT_EQ(table.figures(0)[static_cast<std::size_t>(SessionFate::kept)], 2U);
  EXPECT_EQ(table.figures(1)[static_cast<std::size_t>(SessionFate::left)], 1U);
  EXPECT_EQ(table.figures(1)[static_cast<std::size_t>(SessionFate::kept)], 0U);
  table.reset(0);
  EXPECT_EQ(table.figures(0), SessionTable::Figures{});
  EXPECT_EQ(word(SessionFate::over_bound), "over_bound");
}

}  // namespace
}  // namespace wp::balance
