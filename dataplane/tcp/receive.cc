// What the peer sends: in turn to the port, out of turn kept within bounds, and when it is acknowledged.
#include <algorithm>

#include "dataplane/tcp/connection.h"

namespace wp::tcp {

using stream::Slice;
using stream::StreamPort;

// False when there is no memory: the bytes were not taken and the peer will send them again.
bool Connection::deliver(Slice&& payload, StreamPort* port) {
  const std::uint32_t size = payload.size();
  if (port == nullptr || port->closing() || port->aborting()) {
    // Nobody reads any more; the peer may finish its sentence, not go on for ever.
    drained_ += size;
    payload.reset();
    window_.advance(size);
    return true;
  }
  // A small piece behind unread ones is copied to where they end, so that a peer that sends single bytes pins about
  // what it sent, not a buffer a byte.
  const bool is_small = payload.pool() != nullptr && size <= payload.pool()->entry_bytes() / 2;
  if (is_small && !port->rx().empty() && port->deliver_copy(payload.bytes())) {
    payload.reset();
  } else if (!port->deliver(std::move(payload))) {
    shared_->counters.receive_dropped.add();
    payload.reset();  // NOLINT(bugprone-use-after-move): a refused delivery does not move
    return false;
  }
  window_.advance(size);
  port->set_rx_paused(port->rx_credit() < port->rx().limit() / 2);
  return true;
}

void Connection::keep_for_later(SeqNumber sequence, Slice&& payload, const StreamPort* port) {
  shared_->counters.out_of_order.add();
  latest_ = sequence;
  // Nobody waits for it, or buffers are so few that those in turn need them all.
  const bool is_wanted = port != nullptr && !port->closing() && !payload.pool()->below_low_mark();
  if (!is_wanted ||
      !early_.insert(shared_->pieces, sequence, std::move(payload), shared_->config.out_of_order_pieces)) {
    shared_->counters.out_of_order_dropped.add();
  }
}

// RFC 9293, section 3.8.6.3, and RFC 5681, section 4.2: at least every second segment, at once when one is missing or a
// gap was filled. The first of a connection at once, too: the peer is in slow start and counts our acknowledgments.
void Connection::schedule_acknowledgment(Instant now, bool at_once) {
  if (quick_left_ > 0) {
    --quick_left_;
    at_once = true;
  }
  if (at_once || ++unacknowledged_segments_ >= 2) {
    acknowledge_now_ = true;
  } else {
    acknowledge_at_ = earlier(acknowledge_at_, now + shared_->config.delayed_ack);
  }
}

void Connection::on_peer_fin(Instant now) {
  window_.advance(1);
  early_.clear(shared_->pieces);
  acknowledge_now_ = true;
  switch (state_) {
    case State::established: state_ = State::close_wait; break;
    case State::fin_wait_1: state_ = State::closing; break;
    case State::fin_wait_2: enter_time_wait(now); break;
    default: break;
  }
  tell(Event::peer_closed);
}

// Seventh and eighth of section 3.10.7.4: the segment's text and its FIN. It is acceptable, but may reach over both
// ends of the window.
void Connection::on_payload(Instant now, SeqNumber sequence, Slice&& payload, bool fin, StreamPort* port) {
  if (!can_receive(state_)) return;
  if (sequence < window_.next()) {
    const auto known = static_cast<std::uint32_t>(window_.next() - sequence);
    payload.advance(std::min(known, payload.size()));
    sequence = window_.next();
    acknowledge_now_ = true;  // part of it came before: the peer may not know
  }
  if (sequence + payload.size() > window_.edge()) {
    const auto fitting = static_cast<std::uint32_t>(window_.edge() - sequence);
    payload = payload.owns() ? payload.share(0, fitting) : Slice();
    fin = false;
  }
  // The first FIN counts, and data beyond it does not: one at another place, or before what came already, is a lie.
  if (fin && !peer_fin_known_ && sequence + payload.size() >= early_.end(shared_->pieces, window_.next())) {
    peer_fin_known_ = true;
    peer_fin_at_ = sequence + payload.size();
  }
  if (peer_fin_known_ && sequence + payload.size() > peer_fin_at_) return;
  const bool had_gap = !early_.empty();
  const bool in_turn = sequence == window_.next();
  if (!payload.empty()) {
    if (!in_turn) {
      keep_for_later(sequence, std::move(payload), port);
    } else if (deliver(std::move(payload), port)) {
      for (Slice next = early_.take(shared_->pieces, window_.next()); next.owns() && deliver(std::move(next), port);) {
        next = early_.take(shared_->pieces, window_.next());
      }
    }
    schedule_acknowledgment(now, !in_turn || had_gap);
  } else if (!in_turn) {
    acknowledge_now_ = true;
  }
  if (drained_ > shared_->config.drain_bytes) {
    shared_->counters.drain_limited.add();
    give_up();
    return;
  }
  if (peer_fin_known_ && window_.next() == peer_fin_at_) on_peer_fin(now);
}

}  // namespace wp::tcp
