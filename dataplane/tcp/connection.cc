#include "dataplane/tcp/connection.h"

#include <algorithm>
#include <bit>

namespace wp::tcp {

using wire::TcpFlag;
using wire::TcpHeader;

Connection::Connection(Shared& shared, const Opening& opening, State state)
    : shared_(&shared),
      initial_(opening.initial),
      una_(opening.initial),
      next_(opening.initial),
      max_(opening.initial),
      progress_at_(opening.now),
      window_(opening.receive_limit),
      timestamp_offset_(opening.timestamp_offset),
      receive_limit_(opening.receive_limit),
      linger_at_(opening.now + shared.config.connect_timeout),
      our_mss_(opening.mss),
      peer_default_mss_(opening.peer_mss),
      state_(state),
      quick_left_(shared.config.quick_acks),
      active_(state == State::syn_sent) {}

Connection::Connection(Shared& shared, const Opening& opening) : Connection(shared, opening, State::syn_sent) {
  shared.counters.opened_actively.add();
}

Connection::Connection(Shared& shared, const Opening& opening, const TcpHeader& syn)
    : Connection(shared, opening, State::syn_received) {
  on_peer_syn(opening.now, syn);
  shared.counters.opened_passively.add();
}

Connection::~Connection() {
  early_.clear(shared_->pieces);
}

// RFC 7323, section 3: milliseconds.
std::uint32_t Connection::timestamp(Instant now) const {
  return static_cast<std::uint32_t>(now.ns / 1'000'000) + timestamp_offset_;
}

// All that we can do in a first SYN; in the answer to one only what that offered.
wire::TcpOptions Connection::syn_options(Instant now) const {
  const bool answers = state_ == State::syn_received;
  wire::TcpOptions options{.mss = our_mss_, .sack_permitted = !answers || agreed_.sack};
  if (!answers || agreed_.scale) options.window_scale = window_.scale();
  if (!answers || agreed_.timestamps) options.timestamps = wire::TcpTimestamps{timestamp(now), recent_timestamp_};
  return options;
}

void Connection::on_peer_syn(Instant now, const TcpHeader& syn) {
  window_.begin(syn.sequence + 1);
  acknowledged_ = window_.next();
  heard_at_ = now;
  const wire::TcpOptions ours{
      .mss = our_mss_, .window_scale = window_.scale(), .sack_permitted = true, .timestamps = wire::TcpTimestamps{}};
  agreed_ = negotiate(ours, syn.options, peer_default_mss_);
  if (!agreed_.scale) window_.without_scale();
  if (agreed_.timestamps) {
    recent_timestamp_ = syn.options.timestamps->value;
    recent_timestamp_at_ = now;
  }
  // RFC 6691: the MSS does not count options, what is sent must.
  mss_ = static_cast<std::uint16_t>(agreed_.mss - (agreed_.timestamps ? 12 : 0));
}

bool Connection::would_establish(const TcpHeader& header) const {
  return state_ == State::syn_received && header.flags.has(TcpFlag::ack) && !header.flags.has(TcpFlag::rst) &&
         header.acknowledgment > una_ && header.acknowledgment <= max_;
}

// `header` acknowledges our SYN.
void Connection::establish(Instant now, const TcpHeader& header) {
  state_ = State::established;
  linger_at_ = kNever;
  keepalive_at_ = now + shared_->config.keepalive_idle;
  // RFC 9293, section 3.10.7.3: from here on; of a SYN it is not scaled.
  const unsigned scale = header.flags.has(TcpFlag::syn) ? 0 : agreed_.send_scale;
  send_window_ = std::uint32_t{header.window} << scale;
  largest_window_ = send_window_;
  window_sequence_ = header.sequence;
  window_ack_ = header.acknowledgment;
  measure(now, header);
  if (syn_lost_) timeout_.distrust();
  una_ = header.acknowledgment;
  next_ = wire::later(next_, una_);
  retransmit_at_ = kNever;
  progress_at_ = now;
  congestion_.start(mss_, shared_->config.initial_segments, syn_lost_, una_);
  shared_->counters.established.add();
  tell(Event::established);
}

void Connection::end(Event why) {
  state_ = State::closed;
  retransmit_at_ = acknowledge_at_ = keepalive_at_ = linger_at_ = kNever;
  early_.clear(shared_->pieces);
  tell(why);
}

void Connection::abort() {
  if (state_ == State::closed) return;
  // RFC 9293, section 3.10.5: no reset to a peer that knows of nothing, nor to one that has closed, too.
  const bool is_known = state_ != State::syn_sent && state_ != State::time_wait;
  end(Event::finished);
  reset_due_ = is_known;
}

void Connection::enter_time_wait(Instant now) {
  state_ = State::time_wait;
  retransmit_at_ = keepalive_at_ = kNever;
  linger_at_ = now + shared_->config.time_wait;
}

void Connection::on_port(Instant now, stream::StreamPort& port) {
  if (!is_synchronized(state_)) return;
  if (can_receive(state_) && window_.is_update_due(port.rx_credit(), mss_)) acknowledge_now_ = true;
  if (state_ == State::fin_wait_2 && port.closing() && linger_at_ == kNever) {
    linger_at_ = now + shared_->config.fin_wait_2;
  }
}

std::optional<Event> Connection::poll_event() {
  if (events_ == 0) return std::nullopt;
  const auto lowest = static_cast<unsigned>(std::countr_zero(events_));
  events_ &= static_cast<std::uint8_t>(events_ - 1);
  return Event{static_cast<std::uint8_t>(lowest)};
}

Instant Connection::next_deadline() const {
  return earlier(earlier(retransmit_at_, acknowledge_at_), earlier(keepalive_at_, linger_at_));
}

// RFC 9293, section 3.6.1 (MAY-2): "if the sequence number of the new SYN is larger than the last one used"; RFC 6191,
// section 2: with timestamps on both, when the new one's is later.
bool Connection::may_be_replaced_by(const TcpHeader& syn) const {
  if (state_ != State::time_wait || syn.flags.has(TcpFlag::rst) || syn.flags.has(TcpFlag::ack)) return false;
  if (agreed_.timestamps && syn.options.timestamps) {
    const auto ahead = static_cast<std::int32_t>(syn.options.timestamps->value - recent_timestamp_);
    if (ahead != 0) return ahead > 0;
  }
  return syn.sequence >= window_.next();
}

std::string_view Connection::broken_invariant(const stream::StreamPort* port) const {
  if (state_ == State::closed) return {};
  if (una_ > next_) return "una <= next";
  if (next_ > max_) return "next <= max";
  if (!is_synchronized(state_)) return max_ - initial_ <= 1 ? "" : "only a SYN before the handshake is complete";
  if (window_.edge() < window_.next()) return "the receive window's edge is not behind its begin";
  if (window_.size() > std::max(receive_limit_, 65'535U)) return "no more is offered than the limit";
  if (congestion_.congestion_window() < std::min<std::uint32_t>(mss_, 1)) return "the congestion window holds a byte";
  // A probe that waits for the device sets the timer when it goes.
  const bool is_timed = retransmit_at_ != kNever || probe_due_;
  if (outstanding() > 0 && next_ > una_ && !is_timed) return "what is outstanding has a timer";
  if (fin_acknowledged_ && (!fin_sent_ || una_ != max_)) return "nothing is outstanding behind an acknowledged FIN";
  const bool fin_states = state_ == State::fin_wait_1 || state_ == State::closing || state_ == State::last_ack;
  if (fin_states != (fin_sent_ && !fin_acknowledged_)) return "the state says that our FIN is outstanding";
  if (has_peer_fin(state_) && !early_.empty()) return "nothing comes behind the peer's FIN";
  if (port != nullptr && !fin_acknowledged_ && !port->aborting() && state_ != State::time_wait) {
    const std::uint32_t in_queue = port->tx().bytes() + (fin_sent_ ? 1U : 0U);
    if (outstanding() > in_queue) return "what is outstanding is queued";
  }
  if (state_ == State::time_wait && linger_at_ == kNever) return "TIME_WAIT ends";
  return {};
}

}  // namespace wp::tcp
