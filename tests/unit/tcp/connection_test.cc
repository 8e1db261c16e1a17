// The state machine: opening, closing, resets and what RFC 5961 asks of them. Named STATE_event.
#include "tests/unit/tcp/connection_fixture.h"

namespace wp::tcp {
namespace {

using Opening = ConnectionTest;
using Closing = ConnectionTest;
using Attacked = ConnectionTest;

TEST_F(Opening, SynReceived_AnswersWithWhatThePeerOffered) {
  TcpHeader with = syn();
  with.options.window_scale = 7;
  with.options.timestamps = wire::TcpTimestamps{77, 0};
  connection_.emplace(shared(), opening(), with);
  const auto answer = sent();
  ASSERT_EQ(answer.size(), 1U);
  const TcpHeader& header = answer[0].header;
  EXPECT_EQ(header.flags, (TcpFlags{TcpFlag::syn, TcpFlag::ack}));
  EXPECT_EQ(acknowledged(answer[0]), 1U);
  EXPECT_EQ(header.options.mss, 1'460);
  EXPECT_TRUE(header.options.window_scale);
  EXPECT_FALSE(header.options.sack_permitted);
  EXPECT_EQ(header.options.timestamps->echo, 77U);
}

TEST_F(Opening, SynSent_SynAckEstablishes) {
  connection_.emplace(shared(), opening());
  const auto first = sent();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].header.flags, kSyn);
  make_port();
  TcpHeader answer = syn();
  answer.flags = {TcpFlag::syn, TcpFlag::ack};
  answer.acknowledgment = SeqNumber(kOurs + 1);
  EXPECT_EQ(receive(answer), Verdict::taken);
  EXPECT_EQ(connection_->state(), State::established);
  EXPECT_EQ(events(), std::vector{Event::established});
  ASSERT_EQ(sent().size(), 1U);
}

TEST_F(Opening, SynSent_AckOfNothingSentIsRefused) {
  connection_.emplace(shared(), opening());
  static_cast<void>(sent());
  EXPECT_EQ(receive(0, 5, kAck), Verdict::answer_with_reset);
  EXPECT_EQ(receive(0, 5, {TcpFlag::rst, TcpFlag::ack}), Verdict::taken);
  EXPECT_EQ(connection_->state(), State::syn_sent);
  EXPECT_EQ(receive(0, 0, kRst), Verdict::taken);  // a reset that acknowledges nothing
  EXPECT_EQ(connection_->state(), State::syn_sent);
  EXPECT_EQ(receive(0, 1, {TcpFlag::rst, TcpFlag::ack}), Verdict::taken);
  EXPECT_EQ(events(), std::vector{Event::refused});
}

// RFC 9293, figure 7.
TEST_F(Opening, SynSent_SynOpensSimultaneously) {
  connection_.emplace(shared(), opening());
  static_cast<void>(sent());
  EXPECT_EQ(receive(syn()), Verdict::taken);
  EXPECT_EQ(connection_->state(), State::syn_received);
  const auto again = sent();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].header.flags, (TcpFlags{TcpFlag::syn, TcpFlag::ack}));
  EXPECT_EQ(offset(again[0]), 0U);
  make_port();
  // The peer's own SYN and ACK: outside the window, answered by the acknowledgment that establishes the peer.
  receive(0, 1, {TcpFlag::syn, TcpFlag::ack});
  const auto answer = sent();
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_EQ(answer[0].header.flags, kAck);
  receive(1, 1, kAck);
  EXPECT_EQ(connection_->state(), State::established);
}

TEST_F(Opening, SynReceived_SynAgainIsAnsweredAgain) {
  connection_.emplace(shared(), opening(), syn());
  static_cast<void>(sent());
  receive(syn());
  const auto again = sent();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_TRUE(again[0].header.flags.has(TcpFlag::syn));
}

TEST_F(Opening, SynSent_IsRepeatedWithBackoffAndGivenUp) {
  connection_.emplace(shared(), opening());
  static_cast<void>(sent());
  const Instant begun = now_;
  std::vector<std::int64_t> at;
  while (connection_->state() == State::syn_sent) {
    if (!wait().empty()) at.push_back((now_ - begun).millis());
  }
  // Found by a script: the 3 s that RFC 6298, section 5.7 has after the handshake were taken for the SYN, too.
  EXPECT_EQ(at, (std::vector<std::int64_t>{1'000, 3'000, 7'000, 15'000}));
  EXPECT_EQ(now_ - begun, config_.connect_timeout);
  EXPECT_EQ(events(), std::vector{Event::unreachable});
}

TEST_F(Closing, Established_OurFinThenTheirs) {
  establish();
  queue(10);
  port()->finish();
  const auto last = sent();
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].length, 10U);
  EXPECT_TRUE(last[0].header.flags.has(TcpFlag::fin));
  EXPECT_EQ(connection_->state(), State::fin_wait_1);
  receive(1, 12, kAck);
  EXPECT_EQ(connection_->state(), State::fin_wait_2);
  receive(1, 12, kAck, "still talking");  // half-closed: the other direction goes on
  EXPECT_EQ(received(), "still talking");
  receive(14, 12, kFinAck);
  EXPECT_EQ(connection_->state(), State::time_wait);
  EXPECT_EQ(acknowledged(sent().at(0)), 15U);
  static_cast<void>(wait());
  EXPECT_EQ(connection_->state(), State::closed);
}

TEST_F(Closing, Established_TheirFinThenOurs) {
  establish();
  receive(1, 1, kFinAck, "bye");
  EXPECT_EQ(connection_->state(), State::close_wait);
  EXPECT_EQ(events(), std::vector{Event::peer_closed});
  EXPECT_EQ(acknowledged(sent().at(0)), 5U);
  queue(3);
  port()->finish();
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_EQ(connection_->state(), State::last_ack);
  receive(5, 5, kAck);
  EXPECT_EQ(connection_->state(), State::closed);
  EXPECT_EQ(events(), std::vector{Event::finished});
}

// RFC 9293, figure 13.
TEST_F(Closing, FinWait1_TheirFinClosesSimultaneously) {
  establish();
  port()->finish();
  ASSERT_EQ(sent().size(), 1U);
  receive(1, 1, kFinAck);
  EXPECT_EQ(connection_->state(), State::closing);
  receive(2, 2, kAck);
  EXPECT_EQ(connection_->state(), State::time_wait);
}

TEST_F(Closing, FinWait2_EndsWhenTheApplicationHasGone) {
  establish();
  port()->close();
  ASSERT_EQ(sent().size(), 1U);
  receive(1, 2, kAck);
  ASSERT_EQ(connection_->state(), State::fin_wait_2);
  const Instant since = now_;
  while (connection_->state() == State::fin_wait_2) static_cast<void>(wait());
  EXPECT_EQ(now_ - since, config_.fin_wait_2);
}

TEST_F(Closing, FinWait2_APeerThatGoesOnForEverIsReset) {
  config_.drain_bytes = 2'000;
  establish();
  port()->close();
  static_cast<void>(sent());
  receive(1, 2, kAck);
  const std::string text(1'000, 'x');
  for (std::uint32_t at = 1; at <= 2'001; at += 1'000) receive(at, 2, kAck, text);
  const auto last = sent();
  ASSERT_EQ(last.size(), 1U);
  EXPECT_TRUE(last[0].header.flags.has(TcpFlag::rst));
}

TEST_F(Closing, TimeWait_AFinAgainIsAcknowledgedAndTheTimeBeginsAnew) {
  establish();
  port()->finish();
  static_cast<void>(sent());
  receive(1, 2, kFinAck);
  ASSERT_EQ(connection_->state(), State::time_wait);
  static_cast<void>(sent());
  now_ = now_ + seconds(30);
  receive(1, 2, kFinAck);
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_EQ(connection_->next_deadline(), now_ + config_.time_wait);
  receive(2, 2, kRst);  // RFC 1337
  EXPECT_EQ(connection_->state(), State::time_wait);
}

// RFC 6191.
TEST_F(Closing, TimeWait_YieldsToALaterSynOnly) {
  TcpHeader with = syn();
  with.options.timestamps = wire::TcpTimestamps{1'000, 0};
  connection_.emplace(shared(), opening(), with);
  static_cast<void>(sent());
  make_port();
  TcpHeader ack{
      .sequence = SeqNumber(kTheirs + 1), .acknowledgment = SeqNumber(kOurs + 1), .flags = kAck, .window = 1'000};
  ack.options.timestamps = wire::TcpTimestamps{1'001, 0};
  receive(ack);
  port()->finish();
  static_cast<void>(sent());
  ack.flags = kFinAck;
  ack.acknowledgment = SeqNumber(kOurs + 2);
  receive(ack);
  ASSERT_EQ(connection_->state(), State::time_wait);
  TcpHeader next = syn();
  next.sequence = SeqNumber(kTheirs - 1'000);
  EXPECT_FALSE(connection_->may_be_replaced_by(next));
  next.options.timestamps = wire::TcpTimestamps{1'001, 0};
  EXPECT_FALSE(connection_->may_be_replaced_by(next));
  next.options.timestamps->value = 1'002;
  EXPECT_TRUE(connection_->may_be_replaced_by(next));
}

TEST_F(Attacked, Established_OnlyTheExactResetIsObeyed) {
  establish();
  receive(100, 1, kRst);
  EXPECT_EQ(connection_->state(), State::established);
  EXPECT_EQ(sent().size(), 1U);  // the challenge
  receive(kLimit + 1'000, 1, kRst);
  EXPECT_TRUE(sent().empty());
  receive(1, 1, kRst);
  EXPECT_EQ(events(), std::vector{Event::reset});
}

TEST_F(Attacked, Established_ASynIsChallengedAndChallengesAreLimited) {
  establish();
  receive(50, 0, kSyn);
  EXPECT_EQ(sent().size(), 1U);
  receive(50, 0, kSyn);
  EXPECT_TRUE(sent().empty());
  now_ = now_ + config_.challenge_interval;
  receive(50, 0, kSyn);
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_EQ(connection_->state(), State::established);
  EXPECT_EQ(shared().counters.challenges.value(), 2U);
}

TEST_F(Attacked, Established_AcknowledgmentsOfTheUnsentAreDropped) {
  establish();
  queue(100);
  static_cast<void>(sent());
  receive(1, 102, kAck, "injected");
  EXPECT_EQ(received(), "");
  EXPECT_EQ(connection_->unacknowledged(), SeqNumber(kOurs + 1));
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(Attacked, GlobalLimitIsDrawnAnewEachSecond) {
  ChallengeLimit limit(100, rng_);
  std::vector<int> seen;
  for (int second = 0; second < 50; ++second) {
    int taken = 0;
    while (limit.take(Instant{seconds(second + 1).ns})) ++taken;
    EXPECT_GE(taken, 50);
    EXPECT_LE(taken, 150);
    seen.push_back(taken);
  }
  std::ranges::sort(seen);
  EXPECT_GT(std::ranges::unique(seen).begin() - seen.begin(), 15);
}

}  // namespace
}  // namespace wp::tcp
