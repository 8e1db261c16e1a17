// A bounded lock-free queue from one thread to one other: the only way to send a message to a shard or from it.
// Ring of Lamport (1983) with cached indices, so that each side touches the other's cache line only when it must.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "dataplane/base/assert.h"

namespace wp {

template <class T>
class Mailbox {
 public:
  // `capacity`: a power of two.
  explicit Mailbox(std::uint32_t capacity) : slots_(std::make_unique<T[]>(capacity)), mask_(capacity - 1) {
    WP_ASSERT(std::has_single_bit(capacity));
  }

  // Sender's thread only. False when full: the sender decides what that means, and counts it.
  [[nodiscard]] bool push(T message) {
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - cached_head_ > mask_) {
      cached_head_ = head_.load(std::memory_order_acquire);
      if (tail - cached_head_ > mask_) return false;
    }
    slots_[tail & mask_] = std::move(message);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Receiver's thread only. False when empty.
  [[nodiscard]] bool pop(T& message) {
    const std::uint32_t head = head_.load(std::memory_order_relaxed);
    if (head == cached_tail_) {
      cached_tail_ = tail_.load(std::memory_order_acquire);
      if (head == cached_tail_) return false;
    }
    message = std::move(slots_[head & mask_]);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

 private:
  static constexpr std::size_t kLine = 64;

  std::unique_ptr<T[]> slots_;
  std::uint32_t mask_;
  alignas(kLine) std::atomic<std::uint32_t> tail_{0};
  std::uint32_t cached_head_ = 0;  // the sender's copy
  alignas(kLine) std::atomic<std::uint32_t> head_{0};
  std::uint32_t cached_tail_ = 0;  // the receiver's copy
};

}  // namespace wp
