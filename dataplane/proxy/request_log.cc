#include "dataplane/proxy/request_log.h"

#include "dataplane/base/assert.h"

namespace wp::proxy {

// A client's entry may stand twice in a list when its place goes to another connection within the turn; more often than
// that it cannot, since what a step makes ready is the next turn's.
RequestLog::RequestLog(std::uint32_t max_clients, ProxyCounters& counters) : counters_(counters), spent_(max_clients) {
  touched_.reserve(std::size_t{max_clients} * 2);
  ended_.reserve(std::size_t{max_clients} * 2);
}

void RequestLog::touch(std::uint32_t client) {
  Spent& spent = spent_[client];
  if (spent.touched) return;
  spent.touched = true;
  // No room only when turns end without turn_ended(): then nobody asks for own time.
  if (touched_.size() < touched_.capacity()) touched_.push_back(client);
}

void RequestLog::end(std::uint32_t client, const AccessRecord& record) {
  AccessRecord* slot = ring_ == nullptr ? nullptr : ring_->claim();
  if (slot != nullptr) *slot = record;
  if (ended_.size() < ended_.capacity()) ended_.push_back({spent_[client].own, slot});
  spent_[client] = {};
}

void RequestLog::turn_ended(Duration took) {
  if (!touched_.empty()) counters_.turn.record(took);
  for (const std::uint32_t client : touched_) {
    Spent& spent = spent_[client];
    if (!spent.touched) continue;  // it ended, and that is accounted for below
    spent.touched = false;
    spent.own = spent.own + took;
  }
  touched_.clear();
  if (ended_.empty()) return;
  for (const Ended& ended : ended_) {
    const Duration own = ended.own + took;
    counters_.own_time.record(own);
    if (ended.record != nullptr) ended.record->own = own;
  }
  ended_.clear();
  if (ring_ != nullptr) ring_->publish();
}

}  // namespace wp::proxy
