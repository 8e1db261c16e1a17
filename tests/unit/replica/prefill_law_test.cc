#include "tools/replica/prefill_law.h"

#include <gtest/gtest.h>

namespace wp::replica {
namespace {

// One token a millisecond where it stands first.
PrefillLaw law() {
  PrefillLaw law;
  law.prefill_rate = 1000;
  return law;
}

TEST(PrefillLaw, WithoutAttentionItIsALine) {
  EXPECT_EQ(law().prefill_time(0, 100), millis(100));
  EXPECT_EQ(law().prefill_time(90, 100), millis(10));
  EXPECT_EQ(law().prefill_time(100, 100), millis(0));
}

// 100 + 100^2 / (2 * 50), of which the first half takes 50 + 50^2 / 100.
TEST(PrefillLaw, ContextCostsMoreTheMoreThereIs) {
  PrefillLaw square = law();
  square.double_at = 50;
  EXPECT_EQ(square.prefill_time(0, 100), millis(200));
  EXPECT_EQ(square.prefill_time(50, 100), millis(200 - 75));
}

// Eight tokens behind four are two tiles, which look at 8 and 12; a ninth has a tile of its own, which looks at 16.
TEST(PrefillLaw, ATileCostsTheSameHoweverFewOfItsTokensAreThere) {
  PrefillLaw tiles = law();
  tiles.double_at = 4;
  tiles.attention_tile = 4;
  EXPECT_EQ(tiles.prefill_time(4, 12), millis(8 + 8 + 12));
  EXPECT_EQ(tiles.prefill_time(4, 13), millis(9 + 8 + 12 + 16));
}

// Micro-batches of 8: of 18 tokens two are left over, less than a tile of 4, and cost 2 + (18^2 - 16^2) / (2 * 0.5).
TEST(PrefillLaw, WhatIsLessThanATileLooksForItself) {
  PrefillLaw narrow = law();
  narrow.double_at = 4;
  narrow.attention_tile = 4;
  narrow.micro_batch = 8;
  narrow.narrow_double_at = 0.5;
  EXPECT_EQ(narrow.prefill_time(0, 16), millis(16 + 4 + 8 + 12 + 16));
  EXPECT_EQ(narrow.prefill_time(0, 18), millis(56 + 2 + 68));
  EXPECT_LT(narrow.prefill_time(0, 20), narrow.prefill_time(0, 18)) << "a whole tile is cheaper";
}

TEST(PrefillLaw, WhatIsReadInATimeIsItsInverse) {
  PrefillLaw all = law();
  all.double_at = 40;
  for (const bool pieces : {false, true}) {
    if (pieces) {
      all.micro_batch = 32;
      all.attention_tile = 4;
      all.narrow_double_at = 5;
    }
    constexpr std::uint32_t kPrompt = 77;  // two micro-batches of 32, and three tokens
    const Duration whole = all.prefill_time(10, kPrompt);
    EXPECT_EQ(all.prefilled_in(whole + micros(1), 10, kPrompt), 67U);
    EXPECT_EQ(all.prefilled_in(Duration{}, 10, kPrompt), 0U);
    const Duration first = all.prefill_time(10, 42);
    EXPECT_EQ(all.prefilled_in(first + micros(1), 10, kPrompt), 32U);
    EXPECT_EQ(all.prefilled_in(first - micros(1), 10, kPrompt), 31U);
    EXPECT_LT(all.prefilled_in(whole - micros(1), 10, kPrompt), 67U);
  }
}

}  // namespace
}  // namespace wp::replica
