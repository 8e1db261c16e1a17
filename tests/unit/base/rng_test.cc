#include "dataplane/base/rng.h"

#include <array>
#include <bit>
#include <cstdint>
#include <set>

#include <gtest/gtest.h>

namespace wp {
namespace {

// First outputs of SplitMix64 seeded with 0, as published with the generator's reference code: its state advances by
// the increment that mix64 adds.
TEST(Mix64, IsSplitMix64) {
  EXPECT_EQ(mix64(0), 0xe220a8397b1dcdafULL);
  EXPECT_EQ(mix64(0x9e3779b97f4a7c15ULL), 0x6e789e6aa1b965f4ULL);
  EXPECT_EQ(mix64(2 * 0x9e3779b97f4a7c15ULL), 0x06c45d188009454fULL);
}

TEST(Mix64, OneBitOfInputTurnsAboutHalfOfTheOutput) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    int turned = 0;
    for (std::uint64_t i = 0; i < 256; ++i) turned += std::popcount(mix64(i) ^ mix64(i ^ (std::uint64_t{1} << bit)));
    EXPECT_NEAR(turned / 256.0, 32.0, 2.5) << bit;
  }
}

TEST(Rng, TheSameSeedIsTheSameSequenceAndAnotherIsNot) {
  Rng a(42);
  Rng b(42);
  Rng c(43);
  int same = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t x = a.next();
    EXPECT_EQ(x, b.next());
    same += x == c.next() ? 1 : 0;
  }
  EXPECT_EQ(same, 0);
}

// xoshiro256** stepped by hand from the expanded seed.
TEST(Rng, IsXoshiro256StarStar) {
  std::array<std::uint64_t, 4> s{};
  for (std::uint64_t i = 0; i < 4; ++i) s[i] = mix64(7 + i * 0x9e3779b97f4a7c15ULL);
  Rng rng(7);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(rng.next(), std::rotl(s[1] * 5, 7) * 9);
    const std::uint64_t t = s[1] << 17U;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = std::rotl(s[3], 45);
  }
}

TEST(Rng, BelowIsUniformAndInRange) {
  Rng rng(1);
  constexpr std::uint32_t kBound = 10;
  constexpr int kDraws = 100'000;
  std::array<int, kBound> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const std::uint32_t x = rng.below(kBound);
    ASSERT_LT(x, kBound);
    ++counts[x];
  }
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 10, 500);  // five deviations
  EXPECT_EQ(rng.below(1), 0U);
}

TEST(Rng, BetweenTakesBothEnds) {
  Rng rng(2);
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(rng.between(5, 8));
  EXPECT_EQ(seen, (std::set<std::uint32_t>{5, 6, 7, 8}));
  EXPECT_EQ(rng.between(9, 9), 9U);
}

TEST(Rng, ChanceAndUnitKeepToTheirMeaning) {
  Rng rng(3);
  int hits = 0;
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    hits += rng.chance(0.25) ? 1 : 0;
    const double u = rng.unit();
    ASSERT_TRUE(u >= 0 && u < 1);
    sum += u;
  }
  EXPECT_NEAR(hits, 25'000, 700);
  EXPECT_NEAR(sum / 100'000, 0.5, 0.005);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_FALSE(rng.chance(0));
    EXPECT_TRUE(rng.chance(1));
  }
}

TEST(RngDeathTest, NothingIsBelowZero) {
  Rng rng(4);
  EXPECT_DEATH(static_cast<void>(rng.below(0)), "assertion failed");
}

}  // namespace
}  // namespace wp
