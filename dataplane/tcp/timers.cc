// What time does to a connection that hears nothing.
#include <algorithm>

#include "dataplane/tcp/connection.h"

namespace wp::tcp {

using stream::StreamPort;

void Connection::give_up() {
  end(Event::timed_out);
  reset_due_ = true;
}

// One timer, three reasons to have set it.
void Connection::on_retransmission_timer(Instant now, const StreamPort* port) {
  retransmit_at_ = kNever;
  timing_ = false;
  if (!is_synchronized(state_)) {
    shared_->counters.timeouts.add();
    syn_lost_ = true;
    timeout_.back_off();
    next_ = initial_;
    return;
  }
  if (send_window_ == 0 && !probe_unanswered_) progress_at_ = now;
  if (now - progress_at_ >= shared_->config.user_timeout) {
    shared_->counters.user_timeouts.add();
    give_up();
    return;
  }
  if (send_window_ == 0) {
    const bool waits = port != nullptr && (!port->tx().empty() || port->finishing());
    if (!waits) return;
    shared_->counters.window_probes.add();
    probe_due_ = true;
    probing_ = probe_unanswered_ = true;
    timeout_.back_off();
    return;
  }
  if (next_ == una_) {
    override_due_ = true;
    return;
  }
  shared_->counters.timeouts.add();
  const bool again = timeout_.backoff() > 0 && timed_out_at_ == una_;
  congestion_.on_timeout(max_, outstanding(), again);
  if (again && mss_ > shared_->config.safe_payload) {
    shared_->counters.payloads_halved.add();
    mss_ = std::max<std::uint16_t>(mss_ / 2, shared_->config.safe_payload);
    congestion_.set_mss(mss_);
  }
  timed_out_at_ = una_;
  next_ = una_;
  send_first_again_ = false;
  timeout_.back_off();
}

// RFC 9293, section 3.8.4. Only a silent peer is asked; one that owes an acknowledgment is asked by retransmission.
void Connection::on_keepalive_timer(Instant now) {
  const TcpConfig& config = shared_->config;
  const Instant idle_since = heard_at_ + config.keepalive_idle;
  if (keepalives_sent_ == 0 && idle_since > now) {
    keepalive_at_ = idle_since;
    return;
  }
  if (outstanding() > 0) {
    keepalive_at_ = now + config.keepalive_idle;
    return;
  }
  if (keepalives_sent_ >= config.keepalive_probes) {
    shared_->counters.keepalive_timeouts.add();
    give_up();
    return;
  }
  ++keepalives_sent_;
  shared_->counters.keepalives.add();
  keepalive_due_ = true;
  keepalive_at_ = now + config.keepalive_interval;
}

void Connection::on_linger_timer() {
  end(is_synchronized(state_) ? Event::finished : Event::unreachable);
}

void Connection::on_timer(Instant now, StreamPort* port) {
  if (acknowledge_at_ <= now) {
    acknowledge_at_ = kNever;
    acknowledge_now_ = true;
  }
  if (linger_at_ <= now) on_linger_timer();
  if (retransmit_at_ <= now) on_retransmission_timer(now, port);
  if (keepalive_at_ <= now) on_keepalive_timer(now);
}

}  // namespace wp::tcp
