#include "dataplane/base/time.h"

#include <concepts>

#include <gtest/gtest.h>

namespace wp {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) { a + b; };

// Adding two points in time must not compile.
static_assert(!Addable<Instant, Instant>);
static_assert(Addable<Instant, Duration>);
static_assert(!std::convertible_to<std::int64_t, Instant> || !Addable<Instant, std::int64_t>);

TEST(Time, UnitsAreNanoseconds) {
  EXPECT_EQ(nanos(1'000), micros(1));
  EXPECT_EQ(micros(1'000), millis(1));
  EXPECT_EQ(millis(1'000), seconds(1));
  EXPECT_EQ(millis(1'500).micros(), 1'500'000);
  EXPECT_EQ(millis(1'500).millis(), 1'500);
  EXPECT_DOUBLE_EQ(millis(1'500).seconds(), 1.5);
}

TEST(Time, InstantsAndDurationsAdd) {
  const Instant t{1'000};
  EXPECT_EQ(t + nanos(5), Instant{1'005});
  EXPECT_EQ(t - nanos(5), Instant{995});
  EXPECT_EQ((t + nanos(5)) - t, nanos(5));
  EXPECT_EQ(t - (t + nanos(5)), nanos(-5));
  EXPECT_EQ(nanos(5) * 3 - nanos(1) + nanos(2), nanos(16));
}

TEST(Time, NeverIsLaterThanEverything) {
  EXPECT_LT(Instant{} + seconds(3'000'000'000), kNever);
  EXPECT_EQ(earlier(kNever, Instant{5}), Instant{5});
  EXPECT_EQ(earlier(Instant{4}, Instant{5}), Instant{4});
  EXPECT_EQ(earlier(kNever, kNever), kNever);
}

}  // namespace
}  // namespace wp
