#include "dataplane/tcp/newreno.h"

#include <gtest/gtest.h>

namespace wp::tcp {
namespace {

using wire::SeqNumber;
using Kind = NewReno::Kind;

constexpr std::uint32_t kMss = 1000;

NewReno started() {
  NewReno reno;
  reno.start(kMss, 10, false, SeqNumber(1));
  return reno;
}

NewReno::NewAck ack(std::uint32_t una, std::uint32_t bytes, std::uint32_t flight) {
  return {.una = SeqNumber(una), .bytes = bytes, .flight = flight, .window_was_full = true};
}

TEST(NewReno, BeginsWithTenSegments) {
  EXPECT_EQ(started().window(), 10 * kMss);
  NewReno jumbo;
  jumbo.start(8948, 10, false, SeqNumber(1));
  EXPECT_EQ(jumbo.window(), 2U * 8948);  // RFC 6928: at most 14600 bytes, but two segments
}

TEST(NewReno, BeginsWithOneSegmentAfterALostSyn) {
  NewReno reno;
  reno.start(kMss, 10, true, SeqNumber(1));
  EXPECT_EQ(reno.window(), kMss);
}

TEST(NewReno, SlowStartDoublesAndDividedAcknowledgmentsGainNothing) {
  NewReno reno = started();
  for (std::uint32_t i = 1; i <= 10; ++i) EXPECT_EQ(reno.on_new_ack(ack(1 + i * kMss, kMss, 0)), Kind::whole);
  EXPECT_EQ(reno.window(), 20 * kMss);
  NewReno divided = started();
  for (std::uint32_t i = 1; i <= 1000; ++i) static_cast<void>(divided.on_new_ack(ack(1 + i, 1, 0)));
  EXPECT_EQ(divided.window(), 11 * kMss);
}

TEST(NewReno, AWindowThatWasNotFullDoesNotGrow) {
  NewReno reno = started();
  auto idle = ack(1001, kMss, 0);
  idle.window_was_full = false;
  static_cast<void>(reno.on_new_ack(idle));
  EXPECT_EQ(reno.window(), 10 * kMss);
}

TEST(NewReno, LimitedTransmitThenFastRetransmit) {
  NewReno reno = started();
  EXPECT_FALSE(reno.on_duplicate_ack(SeqNumber(1), SeqNumber(10'001), 10 * kMss));
  EXPECT_EQ(reno.window(), 11 * kMss);
  EXPECT_FALSE(reno.on_duplicate_ack(SeqNumber(1), SeqNumber(11'001), 11 * kMss));
  EXPECT_EQ(reno.window(), 12 * kMss);
  EXPECT_TRUE(reno.on_duplicate_ack(SeqNumber(1), SeqNumber(12'001), 12 * kMss));
  // RFC 5681: what limited transmit sent does not count.
  EXPECT_EQ(reno.slow_start_threshold(), 5 * kMss);
  EXPECT_EQ(reno.window(), 8 * kMss);
  EXPECT_FALSE(reno.on_duplicate_ack(SeqNumber(1), SeqNumber(12'001), 12 * kMss));
  EXPECT_EQ(reno.window(), 9 * kMss);
}

TEST(NewReno, PartialAcknowledgmentsStayInRecoveryFullOnesEndIt) {
  NewReno reno = started();
  for (int i = 0; i < 3; ++i) static_cast<void>(reno.on_duplicate_ack(SeqNumber(1), SeqNumber(10'001), 10 * kMss));
  ASSERT_TRUE(reno.recovering());
  EXPECT_EQ(reno.on_new_ack(ack(2'001, 2 * kMss, 8 * kMss)), Kind::first_partial);
  EXPECT_EQ(reno.on_new_ack(ack(4'001, 2 * kMss, 6 * kMss)), Kind::later_partial);
  EXPECT_EQ(reno.on_new_ack(ack(10'001, 6 * kMss, 0)), Kind::whole);
  EXPECT_FALSE(reno.recovering());
  EXPECT_LE(reno.window(), 5 * kMss);
}

TEST(NewReno, DuplicatesOfWhatATimeoutSentAgainAreNoNewLoss) {
  NewReno reno = started();
  reno.on_timeout(SeqNumber(10'001), 10 * kMss, false);
  EXPECT_EQ(reno.window(), kMss);
  EXPECT_EQ(reno.slow_start_threshold(), 5 * kMss);
  static_cast<void>(reno.on_new_ack(ack(3'001, 3 * kMss, 7 * kMss)));
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(reno.on_duplicate_ack(SeqNumber(3'001), SeqNumber(10'001), 7 * kMss));
}

TEST(NewReno, TheSecondTimeoutOfASegmentDoesNotHalveAgain) {
  NewReno reno = started();
  reno.on_timeout(SeqNumber(10'001), 10 * kMss, false);
  reno.on_timeout(SeqNumber(10'001), kMss, true);
  EXPECT_EQ(reno.slow_start_threshold(), 5 * kMss);
}

TEST(NewReno, CongestionAvoidanceAddsASegmentAWindow) {
  NewReno reno = started();
  reno.on_timeout(SeqNumber(10'001), 8 * kMss, false);  // threshold 4
  std::uint32_t una = 1;
  while (reno.window() < 4 * kMss) static_cast<void>(reno.on_new_ack(ack(una += kMss, kMss, kMss)));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(reno.window(), 4 * kMss);
    static_cast<void>(reno.on_new_ack(ack(una += kMss, kMss, kMss)));
  }
  EXPECT_EQ(reno.window(), 5 * kMss);
}

TEST(NewReno, LossesAreSeenAfterTheNumbersHaveWrapped) {
  NewReno reno = started();
  std::uint32_t una = 1;
  for (int i = 0; i < 5; ++i) static_cast<void>(reno.on_new_ack(ack(una += 0x3000'0000U, 0x3000'0000U, 0)));
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(reno.on_duplicate_ack(SeqNumber(una), SeqNumber(una + 10 * kMss), 10 * kMss));
  }
  EXPECT_TRUE(reno.on_duplicate_ack(SeqNumber(una), SeqNumber(una + 10 * kMss), 10 * kMss));
}

}  // namespace
}  // namespace wp::tcp
