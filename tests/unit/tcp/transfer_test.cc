// Data: sending, losing, closed windows, and what is received out of turn. Named STATE_event.
#include "tests/unit/tcp/connection_fixture.h"

namespace wp::tcp {
namespace {

using Sending = ConnectionTest;
using Receiving = ConnectionTest;
using Waiting = ConnectionTest;

TEST_F(Sending, Established_TenSegmentsAtFirst) {
  establish();
  queue(15'000);
  const auto burst = sent();
  ASSERT_EQ(burst.size(), 10U);
  for (std::uint32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(burst[i].offset, i * 1'000);
    EXPECT_EQ(burst[i].length, 1'000U);
    EXPECT_FALSE(burst[i].header.flags.has(TcpFlag::psh));
  }
  receive(1, 2'001, kAck);
  EXPECT_EQ(port()->tx().bytes(), 13'000U);
  const auto more = sent();
  ASSERT_EQ(more.size(), 3U);  // two that left, one that slow start adds
  EXPECT_EQ(more[0].offset, 8'000U);
}

TEST_F(Sending, Established_ThreeDuplicatesSendTheFirstAgain) {
  establish();
  queue(15'000);
  ASSERT_EQ(sent().size(), 10U);
  for (int i = 0; i < 2; ++i) {
    receive(1, 1, kAck);
    const auto limited = sent();
    ASSERT_EQ(limited.size(), 1U);  // RFC 3042
    EXPECT_EQ(limited[0].offset, 10'000U + 1'000U * static_cast<std::uint32_t>(i));
  }
  receive(1, 1, kAck);
  const auto again = sent();
  ASSERT_GE(again.size(), 1U);
  EXPECT_EQ(again[0].offset, 0U);
  EXPECT_EQ(shared().counters.fast_retransmits.value(), 1U);
  // A partial acknowledgment: the next hole at once (RFC 6582).
  receive(1, 3'001, kAck);
  const auto hole = sent();
  ASSERT_GE(hole.size(), 1U);
  EXPECT_EQ(offset(hole[0]), 3'001U);
}

TEST_F(Sending, Established_WhatLooksLikeADuplicateIsNone) {
  establish();
  queue(5'000);
  static_cast<void>(sent());
  for (std::uint32_t i = 0; i < 5; ++i) receive(1, 1, kAck, "", static_cast<std::uint16_t>(50'000 + i));
  for (std::uint32_t i = 0; i < 5; ++i) receive(1 + i, 1, kAck, "x", 50'004);
  EXPECT_EQ(shared().counters.fast_retransmits.value(), 0U);
}

TEST_F(Sending, Established_ATimeoutGoesBackToTheFirstWithOneSegment) {
  establish();
  queue(5'000);
  ASSERT_EQ(sent().size(), 5U);
  const auto again = wait();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].offset, 0U);
  const Instant first = now_;
  ASSERT_EQ(wait().size(), 1U);
  EXPECT_EQ(now_ - first, config_.rto_min * 2);  // the handshake measured next to nothing
  receive(1, 5'001, kAck);
  EXPECT_EQ(port()->tx().bytes(), 0U);
  EXPECT_TRUE(sent().empty());
}

// RFC 4821's black hole: no ICMP tells that full segments do not pass.
TEST_F(Sending, Established_SegmentsShrinkWhenLargeOnesVanish) {
  establish();
  queue(1'000);
  ASSERT_EQ(sent().at(0).length, 1'000U);
  EXPECT_EQ(wait().at(0).length, 1'000U);
  EXPECT_EQ(wait().at(0).length, 512U);
}

TEST_F(Sending, Established_TooBigIsBelievedOnlyAboutWhatIsInFlight) {
  establish();
  queue(1'000);
  static_cast<void>(sent());
  connection_->on_too_big(SeqNumber(kOurs + 5'000), 600);
  EXPECT_EQ(connection_->mss(), 1'000);
  connection_->on_too_big(SeqNumber(kOurs + 1), 600);
  const auto again = sent();
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].length, 600U);
  EXPECT_EQ(again[1].length, 400U);
}

TEST_F(Sending, Established_GivesUpAfterTheUserTimeout) {
  establish();
  queue(10);
  static_cast<void>(sent());
  const Instant since = now_;
  while (connection_->state() == State::established) static_cast<void>(wait());
  EXPECT_EQ(events(), std::vector{Event::timed_out});
  EXPECT_GE(now_ - since, config_.user_timeout);
  EXPECT_LE(now_ - since, config_.user_timeout + config_.rto_max);
}

TEST_F(Sending, Established_SmallPiecesAreSentAtOnce) {
  establish();
  for (int i = 0; i < 3; ++i) {
    queue(5);
    const auto piece = sent();
    ASSERT_EQ(piece.size(), 1U);
    EXPECT_EQ(piece[0].length, 5U);
    EXPECT_TRUE(piece[0].header.flags.has(TcpFlag::psh));
  }
}

TEST_F(Waiting, Established_AClosedWindowIsProbedWithOneByte) {
  establish();
  receive(1, 1, kAck, "", 0);
  queue(3'000);
  EXPECT_TRUE(sent().empty());
  Duration last{};
  for (int i = 0; i < 5; ++i) {
    const Instant before = now_;
    const auto probe = wait();
    ASSERT_EQ(probe.size(), 1U);
    EXPECT_EQ(probe[0].length, 1U);
    EXPECT_EQ(probe[0].offset, 0U);
    EXPECT_GT(now_ - before, last);  // with backoff
    last = now_ - before;
    receive(1, 1, kAck, "", 0);
  }
  EXPECT_EQ(connection_->congestion().congestion_window(), 10'000U);  // no loss was seen
  receive(1, 1, kAck, "", 60'000);
  EXPECT_EQ(sent().size(), 3U);
}

TEST_F(Waiting, Established_AnAnsweredProbeKeepsTheConnection) {
  establish();
  receive(1, 1, kAck, "", 0);
  queue(1);
  static_cast<void>(sent());
  const Instant since = now_;
  while (now_ - since < seconds(600)) {
    static_cast<void>(wait());
    ASSERT_EQ(connection_->state(), State::established);
    receive(1, 1, kAck, "", 0);
  }
}

TEST_F(Waiting, Established_ASillyWindowIsUsedOnlyAfterAWhile) {
  establish();
  receive(1, 1, kAck, "", 100);
  queue(3'000);
  EXPECT_TRUE(sent().empty());
  const Instant since = now_;
  const auto forced = wait();
  EXPECT_EQ(now_ - since, config_.window_override);
  ASSERT_EQ(forced.size(), 1U);
  EXPECT_EQ(forced[0].length, 100U);
}

TEST_F(Waiting, Established_ASilentPeerIsAskedAndThenGivenUp) {
  establish();
  const Instant since = now_;
  std::size_t asked = 0;
  while (connection_->state() == State::established) {
    for (const auto& probe : wait()) {
      if (probe.header.flags.has(TcpFlag::rst)) continue;
      ++asked;
      EXPECT_EQ(offset(probe), 0U);  // RFC 9293, section 3.8.4: SND.NXT - 1
    }
  }
  EXPECT_EQ(asked, config_.keepalive_probes);
  EXPECT_EQ(now_ - since, config_.keepalive_idle + config_.keepalive_interval * config_.keepalive_probes);
  EXPECT_EQ(events(), std::vector{Event::timed_out});
}

TEST_F(Receiving, Established_EverySecondSegmentIsAcknowledgedTheFirstLater) {
  establish();
  receive(1, 1, kAck, "abc");
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(connection_->next_deadline(), now_ + config_.delayed_ack);
  receive(4, 1, kAck, "def");
  EXPECT_EQ(acknowledged(sent().at(0)), 7U);
  receive(7, 1, kAck, "ghi");
  EXPECT_EQ(acknowledged(wait().at(0)), 10U);
  EXPECT_EQ(received(), "abcdefghi");
}

TEST_F(Receiving, Established_TheFirstOnesAreAcknowledgedAtOnce) {
  config_.quick_acks = 2;
  establish();
  for (std::uint32_t i = 0; i < 2; ++i) {
    receive(1 + i, 1, kAck, "x");
    EXPECT_EQ(sent().size(), 1U);
  }
  receive(3, 1, kAck, "x");
  EXPECT_TRUE(sent().empty());
}

TEST_F(Receiving, Established_OutOfTurnIsKeptAndReported) {
  TcpHeader with = syn();
  with.options.sack_permitted = true;
  establish(with);
  receive(4, 1, kAck, "def");
  const auto duplicate = sent();
  ASSERT_EQ(duplicate.size(), 1U);
  EXPECT_EQ(acknowledged(duplicate[0]), 1U);
  ASSERT_EQ(duplicate[0].header.options.sacks.size(), 1U);
  EXPECT_EQ(duplicate[0].header.options.sacks.all()[0],
            (wire::SackBlock{SeqNumber(kTheirs + 4), SeqNumber(kTheirs + 7)}));
  receive(1, 1, kAck, "abcXYZ");  // of bytes that come twice the first count
  EXPECT_EQ(acknowledged(sent().at(0)), 7U);
  EXPECT_EQ(received(), "abcXYZ");
}

TEST_F(Receiving, Established_AFinBeforeItsTurnWaits) {
  establish();
  receive(4, 1, kFinAck, "def");
  EXPECT_EQ(connection_->state(), State::established);
  receive(1, 1, kAck, "abc");
  EXPECT_EQ(connection_->state(), State::close_wait);
  EXPECT_EQ(received(), "abcdef");
}

TEST_F(Receiving, Established_AFinBeforeWhatCameAlreadyIsALie) {
  establish();
  receive(4, 1, kAck, "def");
  receive(1, 1, kFinAck, "a");
  receive(2, 1, kAck, "bc");
  EXPECT_EQ(connection_->state(), State::established);
  EXPECT_EQ(received(), "abcdef");
}

TEST_F(Receiving, Established_AFullQueueClosesTheWindowAndConsumingOpensIt) {
  establish();
  const std::string text(2'000, 'x');
  for (std::uint32_t at = 0; at < kLimit; at += 2'000) {
    receive(1 + at, 1, kAck, text);
    static_cast<void>(sent());
  }
  EXPECT_EQ(connection_->receive_window().size(), 0U);
  receive(1 + kLimit, 1, kAck, "?");  // a probe
  const auto answer = sent();
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_EQ(answer[0].header.window, 0);
  EXPECT_EQ(acknowledged(answer[0]), 1 + kLimit);
  EXPECT_EQ(received().size(), kLimit);
  connection_->on_port(now_, *port());
  const auto update = sent();
  ASSERT_EQ(update.size(), 1U);
  EXPECT_EQ(update[0].header.window, kLimit);
}

// RFC 7323: protection against wrapped sequence numbers.
TEST_F(Receiving, Established_AnOldTimestampIsDroppedAndAnswered) {
  TcpHeader with = syn();
  with.options.timestamps = wire::TcpTimestamps{1'000, 0};
  connection_.emplace(shared(), opening(), with);
  static_cast<void>(sent());
  make_port();
  TcpHeader data{
      .sequence = SeqNumber(kTheirs + 1), .acknowledgment = SeqNumber(kOurs + 1), .flags = kAck, .window = 9};
  data.options.timestamps = wire::TcpTimestamps{1'005, 0};
  receive(data, "new");
  static_cast<void>(sent());
  data.sequence += 3;
  data.options.timestamps->value = 1'004;
  receive(data, "old");
  EXPECT_EQ(received(), "new");
  EXPECT_EQ(sent().size(), 1U);
  data.options.timestamps.reset();
  receive(data, "none");
  EXPECT_EQ(received(), "");
  EXPECT_EQ(shared().counters.paws_dropped.value(), 2U);
  // After 24 days of silence the clock may have wrapped.
  now_ = now_ + seconds(25 * 24 * 3600);
  data.options.timestamps = wire::TcpTimestamps{1'004, 0};
  receive(data, "late");
  EXPECT_EQ(received(), "late");
}

}  // namespace
}  // namespace wp::tcp
