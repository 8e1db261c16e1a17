// A bounded lock-free queue of fixed-size records from one thread, a shard, to one that writes them down. As Mailbox,
// but a record is filled where it lies, a batch is shown with one store, and a full ring drops and counts: whoever
// fills it never waits for whoever empties it.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "dataplane/base/assert.h"
#include "dataplane/base/counters.h"

namespace wp {

template <class T>
class RecordRing {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Once, before a second thread knows of the ring. `capacity`: a power of two. A ring that was never opened has no
  // memory, takes nothing and counts nothing.
  void open(std::uint32_t capacity) {
    WP_ASSERT(std::has_single_bit(capacity) && !is_open());
    slots_ = std::make_unique_for_overwrite<T[]>(capacity);
    mask_ = capacity - 1;
  }
  [[nodiscard]] bool is_open() const { return slots_ != nullptr; }

  // --- the filling thread

  // The next free slot, with what the last round left in it; nullptr, counted, when there is none. It is this thread's
  // to write until publish().
  [[nodiscard]] T* claim() {
    if (!is_open()) return nullptr;
    if (claimed_ - cached_head_ > mask_) {
      cached_head_ = head_.load(std::memory_order_acquire);
      if (claimed_ - cached_head_ > mask_) {
        dropped_.add();
        return nullptr;
      }
    }
    return &slots_[claimed_++ & mask_];
  }

  // Shows everything claimed to the other thread.
  void publish() {
    if (claimed_ != tail_.load(std::memory_order_relaxed)) tail_.store(claimed_, std::memory_order_release);
  }

  // --- the emptying thread

  // Calls visit(record) for up to `most` records, oldest first, and gives their slots back. How many there were.
  template <class Visit>
  std::uint32_t drain(std::uint32_t most, Visit&& visit) {
    const std::uint32_t head = head_.load(std::memory_order_relaxed);
    const std::uint32_t count = std::min(tail_.load(std::memory_order_acquire) - head, most);
    for (std::uint32_t i = 0; i < count; ++i) visit(static_cast<const T&>(slots_[(head + i) & mask_]));
    if (count > 0) head_.store(head + count, std::memory_order_release);
    return count;
  }

  // --- any thread

  [[nodiscard]] const Counter& dropped() const { return dropped_; }

 private:
  static constexpr std::size_t kLine = 64;

  std::unique_ptr<T[]> slots_;
  std::uint32_t mask_ = 0;
  alignas(kLine) std::atomic<std::uint32_t> tail_{0};
  std::uint32_t claimed_ = 0;      // from tail_ on: claimed and not yet shown
  std::uint32_t cached_head_ = 0;  // the filling thread's copy
  Counter dropped_;
  alignas(kLine) std::atomic<std::uint32_t> head_{0};
};

}  // namespace wp
