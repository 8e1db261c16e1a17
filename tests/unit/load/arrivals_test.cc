#include "tools/load/arrivals.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace wp::load {
namespace {

TEST(PoissonArrivals, HaveTheirRateAndTheirSpread) {
  PoissonArrivals arrivals(100, 7, Instant{5});
  constexpr int kCount = 100'000;
  Instant last{5};
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const Instant at = arrivals.next();
    ASSERT_GE(at, last);
    const double gap = (at - last).seconds();
    sum += gap;
    squares += gap * gap;
    last = at;
  }
  const double mean = sum / kCount;
  const double deviation = std::sqrt(squares / kCount - mean * mean);
  EXPECT_NEAR(mean, 0.01, 0.0002);
  EXPECT_NEAR(deviation, 0.01, 0.0003);  // an exponential gap varies as much as it is long
}

TEST(PoissonArrivals, AreTheSameForTheSameSeed) {
  PoissonArrivals a(10, 3, Instant{});
  PoissonArrivals b(10, 3, Instant{});
  PoissonArrivals c(10, 4, Instant{});
  const Instant first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
}

std::vector<int> drawn(const Zipf& zipf, std::uint32_t n, int count) {
  Rng rng(1);
  std::vector<int> seen(n);
  for (int i = 0; i < count; ++i) ++seen[zipf.draw(rng)];
  return seen;
}

TEST(Zipf, FallsWithTheRank) {
  const std::vector<int> seen = drawn(Zipf(4, 1.0), 4, 100'000);
  // 1, 1/2, 1/3, 1/4 over their sum, 25/12.
  EXPECT_NEAR(seen[0], 48'000, 700);
  EXPECT_NEAR(seen[1], 24'000, 700);
  EXPECT_NEAR(seen[2], 16'000, 700);
  EXPECT_NEAR(seen[3], 12'000, 700);
}

TEST(Zipf, ExponentZeroIsUniform) {
  for (const int count : drawn(Zipf(4, 0), 4, 100'000)) EXPECT_NEAR(count, 25'000, 700);
}

TEST(Zipf, OneThingIsAlwaysDrawn) {
  EXPECT_EQ(drawn(Zipf(1, 1.0), 1, 10)[0], 10);
}

}  // namespace
}  // namespace wp::load
