// What the peer says it has: the send window, round trips, losses that duplicates tell of, and our FIN.
#include <algorithm>

#include "dataplane/base/assert.h"
#include "dataplane/tcp/connection.h"

namespace wp::tcp {

using stream::StreamPort;
using wire::TcpHeader;

// RFC 9293, section 3.10.7.4: SND.WL1 and SND.WL2 keep an old segment from setting the window.
void Connection::update_send_window(const TcpHeader& header, const StreamPort* port) {
  const bool is_newer = window_sequence_ < header.sequence ||
                        (window_sequence_ == header.sequence && window_ack_ <= header.acknowledgment);
  if (!is_newer) return;
  const std::uint32_t before = send_window_;
  send_window_ = std::uint32_t{header.window} << agreed_.send_scale;
  largest_window_ = std::max(largest_window_, send_window_);
  window_sequence_ = header.sequence;
  window_ack_ = header.acknowledgment;
  if (send_window_ == 0) {
    // An answered probe is progress of a kind: a slow reader is no dead one. Not so once the application has gone: then
    // nobody else is there to lose patience.
    if (port == nullptr || !port->closing()) probe_unanswered_ = false;
    return;
  }
  if (before != 0) return;
  // Open again. What was in flight when it closed may have been dropped there: begin with the first.
  if (probing_) {
    probing_ = probe_unanswered_ = false;
    next_ = una_;
    timeout_.forgive();
  }
  if (next_ == una_) retransmit_at_ = kNever;
}

// RFC 6298, section 4: "TCP MUST use Karn's algorithm for taking RTT samples" - but timestamps say which of two equal
// segments an acknowledgment answers.
void Connection::measure(Instant now, const TcpHeader& header) {
  if (timing_ && header.acknowledgment >= timed_end_) {
    timing_ = false;
    timeout_.sample(now - timed_at_);
    return;
  }
  if (timing_ || !agreed_.timestamps || !header.options.timestamps) return;
  const std::uint32_t echo = header.options.timestamps->echo;
  const auto elapsed = static_cast<std::int32_t>(timestamp(now) - echo);
  // RFC 7323, section 3.2: an echo of zero is none. One from the future or from before we spoke is a lie.
  if (echo != 0 && elapsed >= 0 && millis(elapsed) <= shared_->config.user_timeout) timeout_.sample(millis(elapsed));
}

void Connection::on_fin_acknowledged(Instant now, const StreamPort* port) {
  fin_acknowledged_ = true;
  switch (state_) {
    case State::fin_wait_1:
      state_ = State::fin_wait_2;
      if (port == nullptr || port->closing()) linger_at_ = now + shared_->config.fin_wait_2;
      break;
    case State::closing: enter_time_wait(now); break;
    case State::last_ack: end(Event::finished); break;
    default: WP_ASSERT(!"a FIN was sent in another state");
  }
}

void Connection::on_new_data_acknowledged(Instant now, const TcpHeader& header, StreamPort* port) {
  const auto units = static_cast<std::uint32_t>(header.acknowledgment - una_);
  const bool fin = fin_sent_ && header.acknowledgment > fin_at_;
  const std::uint32_t bytes = units - (fin ? 1U : 0U);
  const bool window_was_full = outstanding() + mss_ > congestion_.window();
  measure(now, header);
  una_ = header.acknowledgment;
  next_ = wire::later(next_, una_);
  progress_at_ = now;
  send_first_again_ = false;
  if (bytes > 0) {
    WP_ASSERT(port != nullptr);
    port->sent(bytes);
  }
  const auto kind = congestion_.on_new_ack(
      {.una = una_, .bytes = bytes, .flight = outstanding(), .window_was_full = window_was_full});
  if (kind != NewReno::Kind::whole) send_first_again_ = true;
  // RFC 6298, section 5.3, and 5.2 when all is acknowledged.
  if (una_ == next_) {
    retransmit_at_ = kNever;
  } else if (kind != NewReno::Kind::later_partial) {
    retransmit_at_ = now + timeout_.value(shared_->config);
  }
  if (fin) on_fin_acknowledged(now, port);
}

// `is_bare`: without data, SYN and FIN.
void Connection::on_acknowledgment(Instant now, const TcpHeader& header, bool is_bare, StreamPort* port) {
  if (state_ == State::time_wait || header.acknowledgment < una_) return;
  const std::uint32_t window_before = send_window_;
  const bool is_new = header.acknowledgment > una_;
  update_send_window(header, port);
  if (is_new) {
    on_new_data_acknowledged(now, header, port);
    return;
  }
  // RFC 5681, section 2: what a duplicate is. With the window closed they answer our probes.
  const bool is_duplicate = is_bare && outstanding() > 0 && send_window_ == window_before && send_window_ != 0;
  if (is_duplicate && congestion_.on_duplicate_ack(una_, max_, outstanding())) {
    shared_->counters.fast_retransmits.add();
    retransmit_at_ = now + timeout_.value(shared_->config);
    send_first_again_ = true;
  }
}

// RFC 1191 and RFC 8201, with the check of RFC 5927, section 4.1: who quotes a sequence number that is not in flight
// has not seen our packets.
void Connection::on_too_big(SeqNumber sequence, std::uint16_t payload_max) {
  if (!is_synchronized(state_) || sequence < una_ || sequence >= max_ || payload_max >= mss_) return;
  mss_ = std::max(payload_max, kLeastMss);
  congestion_.set_mss(mss_);
  // No sign of congestion: section 6.4 of RFC 1191 has the segments sent again without slowing down.
  next_ = una_;
  retransmit_at_ = kNever;
}

}  // namespace wp::tcp
