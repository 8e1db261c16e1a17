// Counters of one writer and many readers: the shard adds with a plain load and store (no locked instruction),
// the control thread reads. Relaxed is enough: a reader needs each figure, not an order between them.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "dataplane/base/reasons.h"
#include "dataplane/base/time.h"

namespace wp {

// A figure that only its owner changes.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void sub(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed); }
  void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// One counter a reason.
class ReasonCounters {
 public:
  void count(Reason reason) { counters_[static_cast<std::size_t>(reason)].add(); }
  [[nodiscard]] const Counter& of(Reason reason) const { return counters_[static_cast<std::size_t>(reason)]; }
  [[nodiscard]] std::uint64_t value(Reason reason) const { return of(reason).value(); }

 private:
  std::array<Counter, kReasonCount> counters_{};
};

// A histogram of durations with bounds that double from 64 us: 64 us, 128 us, ... 64 us * 2^20 (67 s), then +Inf.
// Bucket i counts values <= bound(i); the buckets are not cumulative, exposition adds them up.
class LatencyHistogram {
 public:
  static constexpr std::size_t kBounds = 21;
  static constexpr std::int64_t kFirstNs = 64'000;

  [[nodiscard]] static constexpr Duration bound(std::size_t i) { return {kFirstNs << i}; }

  void record(Duration d) {
    const std::int64_t ns = d.ns < 0 ? 0 : d.ns;
    const auto units = static_cast<std::uint64_t>(ns / kFirstNs + (ns % kFirstNs != 0 ? 1 : 0));
    const std::size_t bucket = units <= 1 ? 0 : static_cast<std::size_t>(std::bit_width(units - 1));
    buckets_[bucket < kBounds ? bucket : kBounds].add();
    sum_ns_.add(static_cast<std::uint64_t>(ns));
  }

  [[nodiscard]] std::uint64_t bucket(std::size_t i) const { return buckets_[i].value(); }  // i in 0..kBounds
  [[nodiscard]] std::uint64_t sum_ns() const { return sum_ns_.value(); }

 private:
  std::array<Counter, kBounds + 1> buckets_{};
  Counter sum_ns_;
};

}  // namespace wp
