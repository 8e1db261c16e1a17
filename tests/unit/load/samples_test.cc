#include "tools/load/samples.h"

#include <gtest/gtest.h>

namespace wp::load {
namespace {

TEST(Samples, NothingMeasuredIsAllZero) {
  const Summary summary = Samples().summarise();
  EXPECT_EQ(summary.count, 0U);
  EXPECT_EQ(summary.max, Duration{});
}

TEST(Samples, OneIsEveryPercentile) {
  Samples samples;
  samples.add(micros(7));
  const Summary summary = samples.summarise();
  EXPECT_EQ(summary.p50, micros(7));
  EXPECT_EQ(summary.p999, micros(7));
  EXPECT_EQ(summary.mean, micros(7));
}

TEST(Samples, PercentilesAreNearestRank) {
  Samples samples;
  for (int i = 1000; i >= 1; --i) samples.add(micros(i));
  const Summary summary = samples.summarise();
  EXPECT_EQ(summary.p50, micros(500));
  EXPECT_EQ(summary.p90, micros(900));
  EXPECT_EQ(summary.p99, micros(990));
  EXPECT_EQ(summary.p999, micros(999));
  EXPECT_EQ(summary.max, micros(1000));
  EXPECT_EQ(summary.mean, nanos(500'500));
}

TEST(Samples, KeepsEveryOneBeyondABlock) {
  Samples samples;
  constexpr int kCount = 200'001;
  for (int i = 0; i < kCount; ++i) samples.add(nanos(i));
  const Summary summary = samples.summarise();
  EXPECT_EQ(summary.count, 200'001U);
  EXPECT_EQ(summary.p50, nanos(100'000));
  EXPECT_EQ(summary.max, nanos(200'000));
}

}  // namespace
}  // namespace wp::load
