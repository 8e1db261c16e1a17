// What is sent, and when (RFC 9293, section 3.8). The order: a reset that is due, the handshake, what is to be sent
// again, new data, the FIN, and an acknowledgment when nothing carried it.
#include <algorithm>

#include "dataplane/tcp/connection.h"

namespace wp::tcp {

using stream::StreamPort;
using wire::TcpFlag;
using wire::TcpFlags;
using wire::TcpHeader;

wire::TcpOptions Connection::options(Instant now) {
  wire::TcpOptions made;
  if (agreed_.timestamps) made.timestamps = wire::TcpTimestamps{timestamp(now), recent_timestamp_};
  if (agreed_.sack && !early_.empty()) {
    early_.blocks(shared_->pieces, latest_, agreed_.timestamps ? 3 : 4, made.sacks);
  }
  return made;
}

// Where a segment without data stands: SND.NXT, but not beyond the window of a peer that took it back, for that peer
// would not look at it.
SeqNumber Connection::place_of_bare() const {
  if (una_ == initial_) return max_;  // the handshake: no window is known yet
  return wire::later(una_, wire::earlier(max_, una_ + send_window_));
}

// Every segment acknowledges, so none that goes out leaves an acknowledgment due.
TcpHeader Connection::header(Instant now, SeqNumber sequence, TcpFlags flags, const StreamPort* port) {
  TcpHeader made{.sequence = sequence, .flags = flags};
  const bool in_syn = flags.has(TcpFlag::syn);
  const std::uint32_t credit = port != nullptr ? port->rx_credit() : receive_limit_;
  made.options = in_syn ? syn_options(now) : options(now);
  made.window = window_.offer(credit, mss_, in_syn);
  if (state_ != State::syn_sent) {
    made.flags.add(TcpFlag::ack);
    made.acknowledgment = window_.next();
    acknowledged_ = window_.next();
    acknowledge_now_ = false;
    acknowledge_at_ = kNever;
    unacknowledged_segments_ = 0;
  }
  return made;
}

std::optional<Transmission> Connection::transmit_syn(Instant now) {
  if (next_ == initial_) {
    const Transmission syn{.header = header(now, initial_, {TcpFlag::syn}, nullptr)};
    on_sent(now, {.from = initial_, .length = 1});
    return syn;
  }
  // A simultaneous open ends with these: each side's SYN and ACK comes to one that has the SYN already.
  if (state_ == State::syn_received && acknowledge_now_) return Transmission{.header = header(now, next_, {}, nullptr)};
  return std::nullopt;
}

// `room`: what a segment holds. The range begins at next_; of silly windows see RFC 9293, section 3.8.6.2.1. There is
// no Nagle: what the application queues is a whole message or an event of a stream, and is wanted now.
std::optional<Connection::Range> Connection::next_new(std::uint32_t room, std::uint32_t queued, bool finishing) {
  const auto in_flight = static_cast<std::uint32_t>(next_ - una_);
  if (in_flight > queued) return std::nullopt;  // the FIN, too, is out
  const std::uint32_t unsent = queued - in_flight;
  const std::uint32_t window = send_window_ > in_flight ? send_window_ - in_flight : 0;
  const std::uint32_t congestion = congestion_.window() > in_flight ? congestion_.window() - in_flight : 0;
  const std::uint32_t length = std::min({room, unsent, window, congestion});
  const bool fin = finishing && length == unsent && window > length;
  if (length == 0 && !fin) return std::nullopt;
  const bool is_silly = length < room && length < unsent && length < largest_window_ / 2;
  if (is_silly && !override_due_) return std::nullopt;
  override_due_ = false;
  return Range{.from = next_, .length = length, .fin = fin};
}

std::optional<Connection::Range> Connection::next_range(std::uint32_t room, const StreamPort* port) {
  if (port == nullptr || fin_acknowledged_ || state_ == State::time_wait) return std::nullopt;
  const std::uint32_t queued = port->tx().bytes();
  const bool finishing = port->finishing();
  if (probe_due_) {
    // RFC 9293, section 3.8.6.1: "The sending TCP peer must regularly transmit at least one octet of new data (if
    // available), or retransmit to the receiving TCP peer even if the send window is zero".
    probe_due_ = false;
    if (queued > 0 || finishing) return Range{.from = una_, .length = std::min(queued, 1U), .fin = queued == 0};
  }
  if (send_first_again_) {
    send_first_again_ = false;
    const std::uint32_t length = std::min({queued, outstanding(), room});
    const bool fin = fin_sent_ && length == queued;
    if (length > 0 || fin) return Range{.from = una_, .length = length, .fin = fin};
  }
  return next_new(room, queued, finishing);
}

void Connection::on_sent(Instant now, const Range& range) {
  const SeqNumber end = range.from + range.length + (range.fin ? 1U : 0U);
  if (range.from < max_) {
    shared_->counters.segments_retransmitted.add();
    timing_ = false;
  } else if (!timing_ && !syn_lost_) {
    timing_ = true;
    timed_at_ = now;
    timed_end_ = end;
  }
  const bool was_idle = next_ == una_;
  if (max_ == una_) progress_at_ = now;
  next_ = wire::later(next_, end);
  max_ = wire::later(max_, end);
  if (range.fin && !fin_sent_) {
    fin_sent_ = true;
    fin_at_ = end - 1;
    state_ = state_ == State::close_wait ? State::last_ack : State::fin_wait_1;
  }
  if (was_idle || retransmit_at_ == kNever) retransmit_at_ = now + timeout_.value(shared_->config);
}

// Something waits, and nothing is in flight whose acknowledgment would bring it on its way: a probe must (RFC 9293,
// section 3.8.6.1), or the override of a window that stays silly.
void Connection::arm_idle_sender(Instant now, const StreamPort* port) {
  if (port == nullptr || fin_acknowledged_ || next_ != una_ || retransmit_at_ != kNever) return;
  if (state_ == State::time_wait || (port->tx().empty() && !port->finishing())) return;
  if (send_window_ == 0) {
    if (!probing_) progress_at_ = now;
    retransmit_at_ = now + timeout_.value(shared_->config);
  } else {
    retransmit_at_ = now + shared_->config.window_override;
  }
}

std::optional<Transmission> Connection::poll_transmit(Instant now, StreamPort* port) {
  if (reset_due_) {
    reset_due_ = false;
    TcpHeader reset{
        .sequence = place_of_bare(), .acknowledgment = window_.next(), .flags = {TcpFlag::rst, TcpFlag::ack}};
    if (agreed_.timestamps) reset.options.timestamps = wire::TcpTimestamps{timestamp(now), recent_timestamp_};
    shared_->counters.resets_sent.add();
    return Transmission{.header = reset};
  }
  if (state_ == State::closed) return std::nullopt;
  if (!is_synchronized(state_)) return transmit_syn(now);
  // RFC 5681, section 4.1: a window earned long ago says nothing of the path now.
  if (max_ == una_ && now - progress_at_ > timeout_.value(shared_->config)) congestion_.on_idle();
  // Blocks that are reported take room that full segments count on.
  const bool reports = agreed_.sack && !early_.empty();
  const auto sack_space =
      reports ? static_cast<std::uint32_t>(options(now).length()) - (agreed_.timestamps ? 12U : 0U) : 0U;
  if (const auto range = next_range(mss_ - std::min<std::uint32_t>(sack_space, mss_ - 1U), port)) {
    TcpFlags flags;
    if (range->fin) flags.add(TcpFlag::fin);
    const auto offset = static_cast<std::uint32_t>(range->from - una_);
    if (range->length > 0 && offset + range->length == port->tx().bytes()) flags.add(TcpFlag::psh);
    const Transmission made{.header = header(now, range->from, flags, port), .offset = offset, .length = range->length};
    on_sent(now, *range);
    return made;
  }
  arm_idle_sender(now, port);
  if (keepalive_due_) {
    keepalive_due_ = false;
    return Transmission{.header = header(now, next_ - 1, {}, port)};
  }
  if (acknowledge_now_) return Transmission{.header = header(now, place_of_bare(), {}, port)};
  return std::nullopt;
}

}  // namespace wp::tcp
