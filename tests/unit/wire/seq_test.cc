#include "dataplane/wire/seq.h"

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::wire {
namespace {

constexpr SeqNumber kTop(0xffff'ffff);

TEST(SeqNumber, CountsOnBeyondItsEnd) {
  EXPECT_EQ(kTop + 1, SeqNumber(0));
  EXPECT_EQ(SeqNumber(0) - 1, kTop);
  SeqNumber number(0xffff'fff0);
  number += 0x20;
  EXPECT_EQ(number.value(), 0x10U);
  number -= 0x20;
  EXPECT_EQ(number.value(), 0xffff'fff0U);
}

TEST(SeqNumber, IsComparedAcrossTheEnd) {
  EXPECT_LT(kTop, SeqNumber(0));
  EXPECT_GT(SeqNumber(0), kTop);
  EXPECT_LE(kTop, kTop);
  EXPECT_GE(kTop, kTop);
  EXPECT_LE(kTop, SeqNumber(5));
  EXPECT_GE(SeqNumber(5), kTop);
  EXPECT_FALSE(SeqNumber(0) < kTop);
  EXPECT_FALSE(kTop > SeqNumber(0));
  EXPECT_FALSE(kTop < kTop);
}

TEST(SeqNumber, DistanceHasASign) {
  EXPECT_EQ(SeqNumber(5) - kTop, 6);
  EXPECT_EQ(kTop - SeqNumber(5), -6);
  EXPECT_EQ(SeqNumber(0x7fff'ffff) - SeqNumber(0), 0x7fff'ffff);
}

// From any number the next 2^31 - 1 are later and the 2^31 - 1 before are earlier.
TEST(SeqNumber, HalfTheSpaceIsAheadAndHalfBehind) {
  Rng rng(1);
  for (int i = 0; i < 100'000; ++i) {
    const SeqNumber from(static_cast<std::uint32_t>(rng.next()));
    const std::uint32_t distance = rng.between(1, 0x7fff'ffff);
    const SeqNumber ahead = from + distance;
    ASSERT_TRUE(from < ahead && from <= ahead && !(from > ahead) && !(from >= ahead));
    ASSERT_TRUE(ahead > from && ahead >= from && !(ahead < from) && !(ahead <= from));
    ASSERT_EQ(ahead - from, static_cast<std::int32_t>(distance));
    ASSERT_EQ(earlier(from, ahead), from);
    ASSERT_EQ(earlier(ahead, from), from);
    ASSERT_EQ(later(from, ahead), ahead);
    ASSERT_EQ(later(ahead, from), ahead);
  }
}

// As the comment says, so that nobody who changes it believes otherwise.
TEST(SeqNumber, ExactlyHalfwayEachIsBeforeTheOther) {
  EXPECT_LT(SeqNumber(0), SeqNumber(0x8000'0000));
  EXPECT_LT(SeqNumber(0x8000'0000), SeqNumber(0));
}

TEST(SeqNumber, WindowTakesItsFirstAndNotItsEnd) {
  const SeqNumber begin(0xffff'fffe);
  EXPECT_FALSE((begin - 1).in_window(begin, 4));
  EXPECT_TRUE(begin.in_window(begin, 4));
  EXPECT_TRUE(SeqNumber(1).in_window(begin, 4));
  EXPECT_FALSE(SeqNumber(2).in_window(begin, 4));
  EXPECT_FALSE(begin.in_window(begin, 0));
  EXPECT_TRUE((begin - 2).in_window(begin, 0xffff'ffff));
  EXPECT_FALSE((begin - 1).in_window(begin, 0xffff'ffff));
}

}  // namespace
}  // namespace wp::wire
