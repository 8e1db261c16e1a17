#include "tools/load/load.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "dataplane/base/assert.h"

namespace wp::load {

Load::Load(stream::PortTable& ports, Workload& workload, const LoadConfig& config, Instant start)
    : ports_(ports),
      workload_(workload),
      config_(config),
      start_(start),
      end_(start + config.duration),
      slots_(config.connections),
      timeouts_(config.connections),
      begin_(config.connections) {
  WP_ASSERT(!config.targets.empty() && config.connections > 0 && config.connections < ports.capacity());
  fetch();
  if (open_loop()) {
    for (std::uint32_t slot = config.connections; slot > 0; --slot) free_.push_back(slot - 1);
    if (config.rate > 0) arrivals_.emplace(config.rate, config.seed, start);
    plan_arrival();
    return;
  }
  for (std::uint32_t slot = 0; slot < config.connections; ++slot) {
    begin_.arm(slot, start + nanos(config.ramp.ns / config.connections * slot));
  }
}

// --- what is sent when

void Load::fetch() {
  next_.reset();
  if (config_.requests == 0 || taken_ < config_.requests) next_ = workload_.next();
  exhausted_ = !next_.has_value();
  if (!exhausted_) ++taken_;
}

void Load::plan_arrival() {
  next_arrival_ = kNever;
  if (exhausted_) return;
  next_arrival_ = arrivals_ ? arrivals_->next()
                            : start_ + nanos(std::llround(static_cast<double>(next_->at.ns) / config_.speed_up));
  if (next_arrival_ >= end_) {
    next_arrival_ = kNever;
    exhausted_ = true;
  }
}

void Load::arrive(Instant now) {
  while (next_arrival_ <= now) {
    Pending pending{std::move(*next_), next_arrival_};
    fetch();
    plan_arrival();
    if (!free_.empty()) {
      const std::uint32_t slot = free_.back();
      free_.pop_back();
      start_on(slot, std::move(pending), now);
    } else if (waiting_.size() < config_.queue) {
      waiting_.push_back(std::move(pending));
    } else {
      tally_.count(Outcome::not_sent, "every connection is busy and the queue is full");
    }
  }
}

void Load::start_on(std::uint32_t index, Pending&& pending, Instant now) {
  Slot& slot = slots_[index];
  if (slot.client == nullptr) {
    slot.port = ports_.connect(config_.targets[next_target_++ % config_.targets.size()]);
    if (!slot.port.valid()) {
      tally_.count(Outcome::not_sent, "no port is free: connections still close");
      if (open_loop()) return free_.push_back(index);
      return begin_.arm(index, now + kPause);
    }
    stream::StreamPort& port = ports_.get(slot.port);
    port.set_owner(index + 1);
    slot.client = std::make_unique<Client>(port, config_.client, tally_);
    ++tally_.connections;
  }
  slot.busy = true;
  ++busy_;
  timeouts_.arm(index, now + config_.timeout);
  const Instant intended = pending.intended;
  slot.client->send(std::move(pending.request), intended, now, intended >= start_ + config_.warm_up);
  if (slot.client->starved()) after(index, ClientState::busy, now);
}

// --- what comes back

void Load::step(Instant now) {
  if (done_) return;
  for (const std::uint32_t slot : std::exchange(starved_, {})) serve(slot, now);
  stream::PortId id;
  for (std::uint32_t left = ports_.application_ready(); left > 0 && ports_.next_for_application(id); --left) {
    stream::StreamPort& port = ports_.get(id);
    static_cast<void>(port.take_events());  // the client looks at the port's state, which says more
    serve(static_cast<std::uint32_t>(port.owner() - 1), now);
  }
  std::uint32_t slot = 0;
  while (timeouts_.take_due(now, slot)) {
    if (!slots_[slot].busy) continue;
    slots_[slot].client->give_up(Outcome::timed_out, "the whole reply did not come in time");
    after(slot, ClientState::ended, now);
  }
  while (begin_.take_due(now, slot)) {
    if (sending(now)) {
      Pending pending{std::move(*next_), now};
      fetch();
      start_on(slot, std::move(pending), now);
    }
  }
  arrive(now);
  close_down(now);
}

void Load::serve(std::uint32_t slot, Instant now) {
  if (slots_[slot].client != nullptr) after(slot, slots_[slot].client->on_port(now), now);
}

void Load::after(std::uint32_t index, ClientState state, Instant now) {
  Slot& slot = slots_[index];
  if (slot.client->starved() && state == ClientState::busy) {
    starved_.push_back(index);
    starved_since_ = now;
  }
  if (state == ClientState::ended) slot.client.reset();
  if (state == ClientState::busy || !slot.busy) return;
  slot.busy = false;
  --busy_;
  timeouts_.disarm(index);
  freed(index, state == ClientState::ended && config_.client.keep_alive, now);
}

// A slot may take another request. `broke`: its connection did, though it was to be kept.
void Load::freed(std::uint32_t slot, bool broke, Instant now) {
  if (!open_loop()) {
    begin_.arm(slot, broke ? now + kPause : now);
  } else if (waiting_.empty()) {
    free_.push_back(slot);
  } else {
    Pending pending = std::move(waiting_.front());
    waiting_.pop_front();
    start_on(slot, std::move(pending), now);
  }
}

// --- the end

void Load::close_down(Instant now) {
  ended_ = now >= end_;
  if (sending(now) || next_arrival_ != kNever) return;
  if ((busy_ == 0 && waiting_.empty()) || now >= end_ + config_.grace) stop();
}

void Load::stop() {
  if (std::exchange(done_, true)) return;
  for (Slot& slot : slots_) {
    if (slot.client != nullptr) slot.client->give_up(Outcome::unfinished, "");
    slot = {};
  }
  for (; !waiting_.empty(); waiting_.pop_front()) tally_.count(Outcome::not_sent);
  busy_ = 0;
}

Instant Load::next_deadline() const {
  Instant next = earlier(earlier(timeouts_.next(), begin_.next()), next_arrival_);
  if (!starved_.empty()) next = earlier(next, starved_since_ + kRetryStarved);
  return earlier(next, ended_ ? end_ + config_.grace : end_);
}

}  // namespace wp::load
