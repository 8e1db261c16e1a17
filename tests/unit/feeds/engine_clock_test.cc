#include "controlplane/feeds/engine_clock.h"

#include <limits>

#include <gtest/gtest.h>

namespace wp::feeds {
namespace {

constexpr Instant kClockStart{5'000'000'000};
constexpr double kUnixThere = 1.7e9;  // by the engine's clock

TEST(EngineClock, TheQuickestTellsWhatTheClocksDifferBy) {
  EngineClock clock;
  EXPECT_EQ(clock.again(kUnixThere, kClockStart), Instant{}) << "nothing is known";
  EXPECT_EQ(clock.live(kUnixThere, kClockStart + millis(5)), kClockStart + millis(5));
  EXPECT_EQ(clock.live(kUnixThere + 1, kClockStart + seconds(1)), kClockStart + seconds(1)) << "the way took no time";
  const Instant held_up = clock.live(kUnixThere + 2, kClockStart + seconds(2) + millis(300));
  EXPECT_LT(held_up - (kClockStart + seconds(2)), millis(1));
  const Instant again = clock.again(kUnixThere, kClockStart + seconds(9));
  EXPECT_LT(again - kClockStart, millis(1));
}

TEST(EngineClock, ClocksThatDriftAreFollowed) {
  EngineClock clock;
  for (int i = 0; i < 200; ++i) {
    const Instant now = kClockStart + seconds(i);
    const Instant at = clock.live(kUnixThere + i * 0.9999, now);  // it is slow
    EXPECT_LT(now - at, millis(7));
  }
}

TEST(EngineClock, ATimeThatIsNoneIsNow) {
  EngineClock clock;
  for (const double none : {0.0, -1.0, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(clock.live(none, kClockStart), kClockStart);
  }
}

}  // namespace
}  // namespace wp::feeds
