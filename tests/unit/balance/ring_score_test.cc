#include "dataplane/balance/ring_score.h"

#include <cmath>
#include <cstdint>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::balance {
namespace {

constexpr double kUnit = 4294967296.0;  // 2^32: the fraction bits of minus_log2

long double exact(std::uint64_t hash) {
  return 63.0L - std::log2(static_cast<long double>((hash >> 1U) | 1U));
}

TEST(RingScore, TheTableIsTheLogarithmToItsLastBit) {
  const auto& table = detail::kLog2Table;
  EXPECT_EQ(table.front(), 0U);
  EXPECT_EQ(table.back(), std::uint64_t{1} << 32U);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const long double entry = std::log2(1.0L + static_cast<long double>(i) / 1024) * kUnit;
    EXPECT_NEAR(static_cast<double>(static_cast<long double>(table[i]) - entry), -0.5, 0.6) << i;
  }
}

TEST(RingScore, TheLogarithmKeepsToItsDocumentedError) {
  Rng rng(1);
  for (int i = 0; i < 200'000; ++i) {
    std::uint64_t hash = rng.next();
    if (i % 3 == 0) hash |= ~std::uint64_t{0} << rng.between(1, 63);  // near 1, where the logarithm is near 0
    if (i % 3 == 1) hash >>= rng.below(64);
    const long double error = static_cast<long double>(minus_log2(hash)) / kUnit - exact(hash);
    ASSERT_GE(error, -1e-17L) << hash;
    ASSERT_LE(error, 1.8e-7L) << hash;
    ASSERT_LE(error, 2.5e-4L * exact(hash) + 2 / kUnit) << hash;
  }
}

TEST(RingScore, TheLogarithmHasKnownValuesAtPowersOfTwo) {
  EXPECT_EQ(minus_log2(0), std::uint64_t{63} << 32U);
  for (unsigned bit = 1; bit < 64; ++bit) {
    EXPECT_NEAR(static_cast<double>(minus_log2(std::uint64_t{1} << bit)) / kUnit, 64.0 - bit, bit < 40 ? 1.0 : 1e-9);
  }
  EXPECT_EQ(minus_log2(UINT64_MAX), 1U) << "positive, so that weights divide something";
}

TEST(RingScore, NeverGrowsWithTheHash) {
  Rng rng(2);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t a = rng.next() >> rng.below(64);
    const std::uint64_t b = a + (rng.next() >> rng.between(1, 63));
    if (b < a) continue;
    ASSERT_GE(minus_log2(a), minus_log2(b)) << a << " " << b;
  }
  for (std::uint64_t hash = UINT64_MAX - 5'000; hash != UINT64_MAX; ++hash) {
    ASSERT_GE(minus_log2(hash), minus_log2(hash + 1));
  }
}

TEST(RingScore, AHeavierMemberHasTheLowerScoreAndAllFitTheirBits) {
  Rng rng(3);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t hash = rng.next();
    ASSERT_LT(ring_score(hash, 200), ring_score(hash, 100));
    ASSERT_LT(ring_score(hash, 1), std::uint64_t{1} << kScoreBits);
    ASSERT_NEAR(static_cast<double>(ring_score(hash, 100)), static_cast<double>(ring_score(hash, 1)) / 100, 1.0);
  }
}

TEST(RingScore, HashesOfNeighbouringSlotsAndMembersAreUnlike) {
  for (std::uint64_t member = 1; member < 50; ++member) {
    for (std::uint64_t slot = 0; slot < 50; ++slot) {
      EXPECT_NE(ring_hash(mix64(slot), member), ring_hash(mix64(slot + 1), member));
      EXPECT_NE(ring_hash(mix64(slot), member), ring_hash(mix64(slot), member + 1));
    }
  }
}

}  // namespace
}  // namespace wp::balance
