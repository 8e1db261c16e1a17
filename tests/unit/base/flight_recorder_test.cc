#include "dataplane/base/flight_recorder.h"

#include <thread>

#include <gtest/gtest.h>

namespace wp {
namespace {

FlightEvent numbered(std::uint64_t n) {
  return {.at = Instant{static_cast<std::int64_t>(n)},
          .client = n * 3,
          .exchange = n * 5,
          .hash = n * 7,
          .number = n,
          .replica = static_cast<std::uint32_t>(n),
          .status = static_cast<std::uint16_t>(n),
          .kind = FlightKind::picked,
          .reason = Reason::session};
}

TEST(FlightRecorder, KeepsTheLastEventsWhereTheirNumbersSay) {
  FlightRecorder recorder;
  EXPECT_EQ(recorder.written(), 0U);
  EXPECT_EQ(recorder.at(0).kind, FlightKind::none);
  constexpr std::uint64_t kNoted = FlightRecorder::kPlaces + 10;
  for (std::uint64_t n = 0; n < kNoted; ++n) recorder.note(numbered(n));
  EXPECT_EQ(recorder.written(), kNoted);
  for (std::uint64_t n = kNoted - FlightRecorder::kPlaces; n < kNoted; ++n) {
    ASSERT_EQ(recorder.at(static_cast<std::uint32_t>(n % FlightRecorder::kPlaces)), numbered(n)) << n;
  }
}

TEST(FlightRecorder, EveryKindHasItsOwnWord) {
  for (std::size_t i = 0; i < kFlightKinds; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_NE(word(static_cast<FlightKind>(i)), word(static_cast<FlightKind>(j)));
    }
  }
  EXPECT_EQ(word(FlightKind::first_byte), "first_byte");
  EXPECT_EQ(word(static_cast<FlightKind>(250)), "?");
  EXPECT_EQ(number_meaning(static_cast<FlightKind>(250)), "");
}

// What a copy may call whole, by the two readings around it, is whole: also while the writer goes on.
TEST(FlightRecorder, ACopyMadeMeanwhileHoldsNoTornEventThatCountsAsWhole) {
  FlightRecorder recorder;
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t n = 0; !stop.load(); ++n) recorder.note(numbered(n));
  });
  std::uint64_t whole = 0;
  for (int round = 0; round < 200 || whole == 0; ++round) {
    const std::uint64_t before = recorder.written();
    for (std::uint64_t back = 1; back <= 64 && back <= before; ++back) {
      const std::uint64_t n = before - back;
      const FlightEvent copy = recorder.at(static_cast<std::uint32_t>(n % FlightRecorder::kPlaces));
      if (n + FlightRecorder::kPlaces <= recorder.written()) continue;
      ++whole;
      ASSERT_EQ(copy, numbered(n));
    }
  }
  stop.store(true);
  writer.join();
}

}  // namespace
}  // namespace wp
