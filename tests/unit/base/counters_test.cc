#include "dataplane/base/counters.h"

#include <cstdint>
#include <limits>
#include <thread>

#include <gtest/gtest.h>

namespace wp {
namespace {

// The bucket that one value falls in.
std::size_t bucket_of(Duration d) {
  LatencyHistogram histogram;
  histogram.record(d);
  std::size_t found = LatencyHistogram::kBounds + 1;
  for (std::size_t i = 0; i <= LatencyHistogram::kBounds; ++i) {
    if (histogram.bucket(i) == 0) continue;
    EXPECT_EQ(histogram.bucket(i), 1U);
    EXPECT_GT(found, LatencyHistogram::kBounds) << "counted twice";
    found = i;
  }
  return found;
}

TEST(Counter, AddsSubtractsAndSets) {
  Counter counter;
  EXPECT_EQ(counter.value(), 0U);
  counter.add();
  counter.add(9);
  counter.sub(4);
  EXPECT_EQ(counter.value(), 6U);
  counter.set(100);
  counter.sub();
  EXPECT_EQ(counter.value(), 99U);
}

TEST(Counter, AReaderSeesItOnlyGrowWhileItsOwnerAdds) {
  constexpr std::uint64_t kLast = 200'000;
  Counter counter;
  std::thread owner([&] {
    for (std::uint64_t i = 0; i < kLast; ++i) counter.add();
  });
  std::uint64_t seen = 0;
  while (seen < kLast) {
    const std::uint64_t now = counter.value();
    ASSERT_GE(now, seen);
    ASSERT_LE(now, kLast);
    seen = now;
  }
  owner.join();
  EXPECT_EQ(counter.value(), kLast);
}

TEST(ReasonCounters, EachReasonHasItsOwn) {
  ReasonCounters counters;
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    for (std::size_t n = 0; n < i; ++n) counters.count(static_cast<Reason>(i));
  }
  for (std::size_t i = 0; i < kReasonCount; ++i) EXPECT_EQ(counters.value(static_cast<Reason>(i)), i);
}

TEST(LatencyHistogram, BoundsDoubleFrom64Microseconds) {
  EXPECT_EQ(LatencyHistogram::bound(0), micros(64));
  for (std::size_t i = 1; i < LatencyHistogram::kBounds; ++i) {
    EXPECT_EQ(LatencyHistogram::bound(i), LatencyHistogram::bound(i - 1) * 2);
  }
  EXPECT_EQ(LatencyHistogram::bound(20), micros(64) * (1 << 20));
}

TEST(LatencyHistogram, AValueAtABoundIsUnderItAndOneMoreIsNot) {
  for (std::size_t i = 0; i < LatencyHistogram::kBounds; ++i) {
    const Duration bound = LatencyHistogram::bound(i);
    EXPECT_EQ(bucket_of(bound), i);
    EXPECT_EQ(bucket_of(bound - nanos(1)), i);
    EXPECT_EQ(bucket_of(bound + nanos(1)), i + 1);
  }
}

TEST(LatencyHistogram, ZeroAndNegativeFallInTheFirst) {
  EXPECT_EQ(bucket_of(nanos(0)), 0U);
  EXPECT_EQ(bucket_of(nanos(1)), 0U);
  EXPECT_EQ(bucket_of(nanos(-5)), 0U);
  EXPECT_EQ(bucket_of(Duration{std::numeric_limits<std::int64_t>::min()}), 0U);
}

// Rounding up by adding first would overflow here.
TEST(LatencyHistogram, TheLongestDurationFallsBehindTheLastBound) {
  EXPECT_EQ(bucket_of(Duration{std::numeric_limits<std::int64_t>::max()}), LatencyHistogram::kBounds);
}

TEST(LatencyHistogram, SumCountsNegativeAsZero) {
  LatencyHistogram histogram;
  histogram.record(micros(10));
  histogram.record(millis(2));
  histogram.record(nanos(-7));
  EXPECT_EQ(histogram.sum_ns(), 2'010'000U);
  EXPECT_EQ(histogram.bucket(0), 2U);
}

TEST(OwnTimeHistogram, BeginsAtOneMicrosecondAndItsReaderSeesItsBounds) {
  OwnTimeHistogram own;
  const Histogram& seen = own;
  EXPECT_EQ(seen.upper(0), micros(1));
  EXPECT_EQ(seen.upper(20), micros(1 << 20));
  own.record(micros(1));
  own.record(nanos(1'001));
  own.record(seconds(2));
  EXPECT_EQ(seen.bucket(0), 1U);
  EXPECT_EQ(seen.bucket(1), 1U);
  EXPECT_EQ(seen.bucket(Histogram::kBounds), 1U);
  const LatencyHistogram latency;
  EXPECT_EQ(static_cast<const Histogram&>(latency).upper(0), micros(64));
}

}  // namespace
}  // namespace wp
