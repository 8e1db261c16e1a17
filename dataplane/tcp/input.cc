// RFC 9293, section 3.10.7: what a segment does, in the order of that section. RFC 5961 decides what a reset, a SYN or
// an acknowledgment must look like before it is believed.
#include "dataplane/tcp/connection.h"

namespace wp::tcp {

using stream::Slice;
using stream::StreamPort;
using wire::TcpFlag;
using wire::TcpHeader;

namespace {

// RFC 7323, section 5.5: after this long the clock of an idle peer may have wrapped.
constexpr Duration kTimestampLife = seconds(24 * 24 * 3600);

}  // namespace

// Section 3.10.7.3.
Verdict Connection::on_syn_sent(Instant now, const TcpHeader& header, Slice&& payload, StreamPort* port) {
  const bool acknowledges = header.flags.has(TcpFlag::ack);
  if (acknowledges && (header.acknowledgment <= initial_ || header.acknowledgment > max_)) {
    return header.flags.has(TcpFlag::rst) ? Verdict::taken : Verdict::answer_with_reset;
  }
  if (header.flags.has(TcpFlag::rst)) {
    if (acknowledges) {
      shared_->counters.resets_received.add();
      end(Event::refused);
    }
    return Verdict::taken;
  }
  if (!header.flags.has(TcpFlag::syn)) return Verdict::taken;
  on_peer_syn(now, header);
  if (!acknowledges) {
    // Simultaneous open: our SYN again, now with an acknowledgment. Data is left for the peer to send again.
    state_ = State::syn_received;
    next_ = initial_;
    retransmit_at_ = kNever;
    return Verdict::taken;
  }
  establish(now, header);
  acknowledge_now_ = true;
  on_payload(now, header.sequence + 1, std::move(payload), header.flags.has(TcpFlag::fin), port);
  return Verdict::taken;
}

// RFC 7323, section 5.3: protection against wrapped sequence numbers, and the timestamp to echo.
bool Connection::pass_timestamps(Instant now, const TcpHeader& header, std::uint32_t length) {
  if (!agreed_.timestamps || header.flags.has(TcpFlag::rst)) return true;
  if (!header.options.timestamps) {
    // A peer that has started again and forgotten: RFC 5961, section 4.2 MUST have it answered.
    if (header.flags.has(TcpFlag::syn)) return true;
    // Section 3.2: "If a non-<RST> segment is received without a TSopt, a TCP SHOULD silently drop the segment."
    shared_->counters.paws_dropped.add();
    return false;
  }
  const std::uint32_t value = header.options.timestamps->value;
  const bool is_old = static_cast<std::int32_t>(value - recent_timestamp_) < 0;
  if (is_old && now - recent_timestamp_at_ < kTimestampLife) {
    shared_->counters.paws_dropped.add();
    answer_unacceptable(now, header, length);
    return false;
  }
  // R3 of section 4.3. Only of acceptable segments: what lies outside the window may be anybody's.
  if (header.sequence <= acknowledged_ && is_acceptable(header.sequence, length)) {
    recent_timestamp_ = value;
    recent_timestamp_at_ = now;
  }
  return true;
}

// Section 3.10.7.4, first: the four cases of table 6, and one that it leaves out: at the edge stands a peer that has
// filled our window. Without its acknowledgments a segment that it lost would hold up what we send.
bool Connection::is_acceptable(SeqNumber sequence, std::uint32_t length) const {
  const std::uint32_t window = window_.size();
  if (length == 0) return sequence.in_window(window_.next(), window + 1);
  if (window == 0) return false;
  return sequence.in_window(window_.next(), window) || (sequence + (length - 1)).in_window(window_.next(), window);
}

void Connection::answer_unacceptable(Instant now, const TcpHeader& header, std::uint32_t payload) {
  if (header.flags.has(TcpFlag::rst)) return;
  shared_->counters.outside_window.add();
  // A SYN that comes again has not seen our answer: an acknowledgment alone would mean nothing to it.
  if (state_ == State::syn_received && header.flags.has(TcpFlag::syn) && !header.flags.has(TcpFlag::ack)) {
    if (outside_limit_.take(now, shared_->config.challenge_interval)) next_ = initial_;
    return;
  }
  // RFC 9293, section 3.10.7.4: a FIN that comes again has not seen the last acknowledgment: "Restart the 2 MSL
  // time-wait timeout."
  if (state_ == State::time_wait && header.flags.has(TcpFlag::fin)) linger_at_ = now + shared_->config.time_wait;
  // Without data, two ends that disagree could answer each other for ever.
  if (payload == 0 && !outside_limit_.take(now, shared_->config.challenge_interval)) {
    shared_->counters.outside_limited.add();
    return;
  }
  acknowledge_now_ = true;
}

// RFC 5961, section 7.
void Connection::challenge(Instant now) {
  if (!challenge_limit_.take(now, shared_->config.challenge_interval)) {
    shared_->counters.challenges_limited.add();
    return;
  }
  if (!shared_->challenges.take(now)) {
    shared_->counters.challenges_limited_all.add();
    return;
  }
  shared_->counters.challenges.add();
  acknowledge_now_ = true;
}

// RFC 5961, section 3.2: only a reset at exactly the next byte is obeyed, others in the window are asked about.
void Connection::on_reset(Instant now, const TcpHeader& header) {
  if (state_ == State::time_wait) return;  // RFC 1337: else TIME_WAIT could be assassinated
  if (header.sequence != window_.next()) {
    challenge(now);
    return;
  }
  shared_->counters.resets_received.add();
  if (state_ == State::syn_received) {
    end(active_ ? Event::refused : Event::unreachable);
  } else {
    end(state_ == State::last_ack || state_ == State::closing ? Event::finished : Event::reset);
  }
}

// Fifth: false for a segment whose acknowledgment is not to be believed, which then is dropped whole.
bool Connection::pass_acknowledgment(Instant now, const TcpHeader& header) {
  // RFC 5961, section 5.2: "The ACK value is considered acceptable only if it is in the range of
  // ((SND.UNA - MAX.SND.WND) <= SEG.ACK <= SND.NXT)."
  const SeqNumber oldest = una_ - std::max(largest_window_, std::uint32_t{1});
  if (header.acknowledgment <= max_ && header.acknowledgment >= oldest) return true;
  shared_->counters.bad_acks.add();
  challenge(now);
  return false;
}

Verdict Connection::on_segment(Instant now, const TcpHeader& header, Slice&& payload, StreamPort* port) {
  const wire::TcpFlags flags = header.flags;
  if (state_ == State::closed) return flags.has(TcpFlag::rst) ? Verdict::taken : Verdict::answer_with_reset;
  if (state_ == State::syn_sent) return on_syn_sent(now, header, std::move(payload), port);
  const std::uint32_t size = payload.size();
  const std::uint32_t length = wire::sequence_length(flags, size);
  if (!pass_timestamps(now, header, size)) return Verdict::taken;
  bool closed_window = false;
  if (!is_acceptable(header.sequence, length)) {
    // Table 6 has nothing pass a closed window, "however, special allowance should be made to accept valid ACKs, URGs,
    // and RSTs": a probe's data is dropped, its acknowledgment is not.
    closed_window = window_.size() == 0 && header.sequence == window_.next() && !flags.has(TcpFlag::syn);
    if (!closed_window) {
      answer_unacceptable(now, header, size);
      return Verdict::taken;
    }
    acknowledge_now_ = true;
  }
  if (flags.has(TcpFlag::rst)) {
    on_reset(now, header);
    return Verdict::taken;
  }
  if (flags.has(TcpFlag::syn)) {
    // RFC 5961, section 4.2: "regardless of the sequence number, TCP MUST send an ACK to the remote peer".
    challenge(now);
    return Verdict::taken;
  }
  if (!flags.has(TcpFlag::ack)) return Verdict::taken;
  heard_at_ = now;
  keepalives_sent_ = 0;
  if (state_ == State::syn_received) {
    if (!would_establish(header)) return Verdict::answer_with_reset;
    establish(now, header);
  } else {
    if (!pass_acknowledgment(now, header)) return Verdict::taken;
    on_acknowledgment(now, header, length == 0, port);
  }
  if (state_ == State::closed || closed_window) return Verdict::taken;
  if (length > 0) on_payload(now, header.sequence, std::move(payload), flags.has(TcpFlag::fin), port);
  return Verdict::taken;
}

}  // namespace wp::tcp
