#include "dataplane/balance/ending_table.h"

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::balance {
namespace {

constexpr std::uint64_t kRung = 0x1234'5678'9abc'def0;

TEST(EndingTable, TheLastPromptsEndIsFound) {
  EndingTable table(4);
  EXPECT_EQ(table.find(kRung), std::nullopt);
  table.note(kRung, {.bytes = 40'001, .tokens = 10'000});
  EXPECT_EQ(table.find(kRung), (Ending{40'001, 10'000}));
  EXPECT_EQ(table.find(kRung + 1), std::nullopt);
  table.note(kRung, {.bytes = 44'000, .tokens = 11'000});
  EXPECT_EQ(table.find(kRung), (Ending{44'000, 11'000}));
}

TEST(EndingTable, AReplyTellsTheTokensOfThePromptThatItAnswers) {
  EndingTable table(1);
  table.told(kRung, {.bytes = 40'001, .tokens = 9'876});
  EXPECT_EQ(table.find(kRung), std::nullopt);
  table.note(kRung, {.bytes = 40'001, .tokens = 10'000});
  table.told(kRung, {.bytes = 40'001, .tokens = 9'876});
  EXPECT_EQ(table.find(kRung), (Ending{40'001, 9'876}));
  table.note(kRung, {.bytes = 44'000, .tokens = 11'000});
  table.told(kRung, {.bytes = 40'001, .tokens = 9'876});  // a late one
  EXPECT_EQ(table.find(kRung), (Ending{44'000, 11'000}));
}

TEST(EndingTable, WhatIsTooLongIsNotWrittenDown) {
  EndingTable table(1);
  table.note(kRung, {.bytes = 1U << 24U, .tokens = 1});
  table.note(kRung, {.bytes = 1, .tokens = 1U << 20U});
  EXPECT_EQ(table.find(kRung), std::nullopt);
  const Ending longest{.bytes = (1U << 24U) - 1, .tokens = (1U << 20U) - 1};
  table.note(kRung, longest);
  EXPECT_EQ(table.find(kRung), longest);
}

TEST(EndingTable, AFullLineMakesRoomForOne) {
  EndingTable table(1);
  constexpr std::uint32_t kPrompts = EndingTable::kWays + 1;
  for (std::uint32_t i = 0; i < kPrompts; ++i) table.note(mix64(i), {.bytes = 100 + i, .tokens = 25});
  std::uint32_t found = 0;
  for (std::uint32_t i = 0; i < kPrompts; ++i) found += table.find(mix64(i)) ? 1 : 0;
  EXPECT_EQ(found, kPrompts - 1);
  EXPECT_TRUE(table.find(mix64(kPrompts - 1)));
}

}  // namespace
}  // namespace wp::balance
