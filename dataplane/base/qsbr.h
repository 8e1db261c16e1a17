// Quiescent-state-based reclamation (McKenney, "Exploiting Deferred Destruction", 2004, section 3.1): readers pay one
// store a turn, the writer frees what it retired once every reader has passed a quiescent state since.
//
// One writer thread (the control thread), a fixed number of readers (shards). A reader is offline until it says
// otherwise, and goes offline before it blocks, so that an idle one never holds a grace period.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "dataplane/base/assert.h"

namespace wp {

class Qsbr {
 public:
  static constexpr std::size_t kReaders = 256;

  // --- readers; `reader` is the shard's number, used by one thread only

  // Begins or renews a reading period: pointers obtained before this call are no longer used by this reader.
  void quiescent(std::size_t reader) {
    WP_ASSERT(reader < kReaders);
    // seq_cst: the loads of shared pointers that follow must not be seen before this store, or the writer could count
    // a reader as past a swap that it then misses.
    slots_[reader].seen.store(epoch_.load(std::memory_order_acquire), std::memory_order_seq_cst);
  }

  // The reader holds no pointer and will call quiescent() before it obtains one.
  void offline(std::size_t reader) {
    WP_ASSERT(reader < kReaders);
    slots_[reader].seen.store(kOffline, std::memory_order_release);
  }

  // --- the writer

  // Runs `free` once no reader can still see what was unpublished before this call.
  void retire(std::function<void()> free) {
    const std::uint64_t epoch = epoch_.fetch_add(1, std::memory_order_seq_cst) + 1;
    retired_.push_back({epoch, std::move(free)});
  }

  // Frees all that is due; never waits. Returns how many are still held.
  std::size_t reclaim() {
    const std::uint64_t oldest = oldest_seen();
    while (!retired_.empty() && retired_.front().epoch <= oldest) {
      auto free = std::move(retired_.front().free);
      retired_.pop_front();
      free();
    }
    return retired_.size();
  }

  // An epoch that passed(epoch) later compares with: everything unpublished so far is unreachable once it passed.
  [[nodiscard]] std::uint64_t mark() { return epoch_.fetch_add(1, std::memory_order_seq_cst) + 1; }
  [[nodiscard]] bool passed(std::uint64_t epoch) const { return epoch <= oldest_seen(); }

 private:
  static constexpr std::uint64_t kOffline = UINT64_MAX;
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> seen{kOffline};
  };
  struct Retired {
    std::uint64_t epoch;
    std::function<void()> free;
  };

  [[nodiscard]] std::uint64_t oldest_seen() const {
    std::uint64_t oldest = kOffline;
    for (const Slot& slot : slots_) {
      const std::uint64_t seen = slot.seen.load(std::memory_order_seq_cst);
      if (seen < oldest) oldest = seen;
    }
    return oldest;
  }

  std::atomic<std::uint64_t> epoch_{1};
  std::array<Slot, kReaders> slots_{};
  std::deque<Retired> retired_;
};

// A pointer that one writer replaces and readers of a Qsbr follow. The order of both sides is sequentially consistent
// because a reader that comes online and a writer that scans the readers must agree on who was first.
template <class T>
class Published {
 public:
  // Valid until the reader's next quiescent() or offline(); may be null before the first publish.
  [[nodiscard]] const T* read() const { return value_.load(std::memory_order_seq_cst); }

  // Returns the pointer that was there; the caller retires it.
  const T* replace(const T* next) { return value_.exchange(next, std::memory_order_seq_cst); }

 private:
  std::atomic<const T*> value_{nullptr};
};

}  // namespace wp
