#include "dataplane/stream/port.h"

#include <algorithm>

#include "dataplane/base/assert.h"
#include "dataplane/stream/port_table.h"

namespace wp::stream {

void StreamPort::tell_application(std::uint8_t event) {
  if (closing_ || aborting_) return;
  events_ |= event;
  table_->for_application_.push(id_.index);
}

void StreamPort::tell_transport() {
  table_->for_transport_.push(id_.index);
}

// The application has let go: it must not be handed this port again.
void StreamPort::forget_application() {
  events_ = 0;
  if (accepted_) --table_->accepted_;
  table_->for_application_.remove(id_.index);
  rx_.clear();
  withdraw_landing();
}

// --- application

std::uint8_t StreamPort::take_events() {
  const std::uint8_t events = events_;
  events_ = 0;
  return events;
}

void StreamPort::after_consume() {
  if (rx_paused_ && rx_.credit() * 2 >= rx_.limit()) tell_transport();
}

void StreamPort::consume(std::uint32_t n) {
  rx_.consume(n);
  after_consume();
}

void StreamPort::count_copied(std::uint32_t n) {
  table_->copied_.add(n);
}

Slice StreamPort::pop_rx() {
  Slice slice = rx_.pop();
  after_consume();
  return slice;
}

void StreamPort::offer_landing(Slice&& room) {
  WP_ASSERT(!closing_ && !aborting_);
  if (!landing_busy_) landing_ = std::move(room);
  offered_ = true;
}

void StreamPort::withdraw_landing() {
  if (!landing_busy_) landing_.reset();
}

bool StreamPort::push(Slice&& slice) {
  WP_ASSERT(!finishing_ && !closing_ && !aborting_);
  if (!tx_.push(std::move(slice))) return false;
  tell_transport();
  return true;
}

bool StreamPort::append(Bytes bytes) {
  WP_ASSERT(!finishing_ && !closing_ && !aborting_);
  if (!tx_.append(bytes, table_->slabs_)) return false;
  table_->copied_.add(bytes.size());
  tell_transport();
  return true;
}

void StreamPort::notify_below(std::uint32_t bytes) {
  // Nothing queued means that no sent() will come: without this an application that stopped because a pool was empty,
  // not because of credit, would wait for ever.
  if (tx_.empty()) {
    tell_application(kWritable);
  } else {
    notify_ = true;
    notify_below_ = bytes;
  }
}

void StreamPort::finish() {
  finishing_ = true;
  tell_transport();
}

void StreamPort::close() {
  WP_ASSERT(!closing_ && !aborting_);
  finishing_ = true;
  closing_ = true;
  forget_application();
  tell_transport();
}

void StreamPort::abort(Reason why) {
  WP_ASSERT(!closing_ && !aborting_);
  aborting_ = true;
  if (failure_ == Reason::none) failure_ = why;
  forget_application();
  tell_transport();
}

// --- transport

void StreamPort::opened() {
  open_ = true;
  tell_application(kOpened);
}

bool StreamPort::deliver(Slice&& slice) {
  WP_ASSERT(!peer_closed_);
  if (closing_ || aborting_) {
    slice.reset();
    return true;
  }
  if (!rx_.push(std::move(slice))) return false;
  tell_application(kReadable);
  return true;
}

bool StreamPort::deliver_copy(Bytes bytes) {
  WP_ASSERT(!peer_closed_);
  if (closing_ || aborting_) return true;
  if (!rx_.append(bytes, table_->slabs_)) return false;
  table_->copied_.add(bytes.size());
  tell_application(kReadable);
  return true;
}

std::span<std::byte> StreamPort::begin_landing(std::uint32_t most) {
  WP_ASSERT(can_land());
  landing_busy_ = true;
  std::byte* base = landing_.pool()->entry_data(landing_.entry());
  return {base + (landing_.data() - base), std::min(most, landing_.size())};
}

void StreamPort::landed(std::uint32_t n) {
  WP_ASSERT(landing_busy_ && n <= landing_.size());
  landing_busy_ = false;
  const bool dropped = closing_ || aborting_;
  if (n > 0 || dropped) landing_.reset();
  if (n == 0 || dropped) return;
  landed_ = n;
  tell_application(kReadable);
}

void StreamPort::deliver_fin() {
  if (peer_closed_) return;
  peer_closed_ = true;
  tell_application(kPeerClosed);
}

void StreamPort::sent(std::uint32_t n) {
  tx_.consume(n);
  bytes_sent_ += n;
  if (notify_ && tx_.bytes() <= notify_below_) {
    notify_ = false;
    tell_application(kWritable);
  }
}

void StreamPort::fail(Reason why) {
  WP_ASSERT(why != Reason::none);
  if (failure_ != Reason::none) return;
  failure_ = why;
  tell_application(kFailed);
}

}  // namespace wp::stream
