// Hands Snapshots to the shards by one atomic store and frees old ones when no shard can see them any more.
#pragma once

#include <cstddef>
#include <memory>

#include "dataplane/balance/snapshot.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/qsbr.h"

namespace wp::control {

struct PublisherCounters {
  Counter published;
  Counter freed;
  Counter held;  // gauge: replaced, not yet freed
};

// Control thread only; the Published and the Qsbr outlive it.
class Publisher {
 public:
  Publisher(Published<balance::Snapshot>& target, Qsbr& qsbr) : target_(target), qsbr_(qsbr) {}
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  // All readers are offline by now: frees everything. Anything else is a programmer's error.
  ~Publisher();

  void publish(std::unique_ptr<const balance::Snapshot> next);
  // What is published, for the control thread, which alone replaces it: valid until the next publish(). Something has
  // been published.
  [[nodiscard]] const balance::Snapshot& current() const;
  // Frees what no reader can see; never waits. Returns how many replaced ones are still held.
  std::size_t reclaim();

  [[nodiscard]] const PublisherCounters& counters() const { return counters_; }

 private:
  Published<balance::Snapshot>& target_;
  Qsbr& qsbr_;
  PublisherCounters counters_;
};

}  // namespace wp::control
