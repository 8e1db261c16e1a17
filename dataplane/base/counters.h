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

// A histogram of durations as its readers see it: bounds that double from the first, then +Inf. Bucket i counts values
// <= upper(i); the buckets are not cumulative, exposition adds them up.
class Histogram {
 public:
  static constexpr std::size_t kBounds = 21;

  [[nodiscard]] Duration upper(std::size_t i) const { return {first_ns_ << i}; }
  [[nodiscard]] std::uint64_t bucket(std::size_t i) const { return buckets_[i].value(); }  // i in 0..kBounds
  [[nodiscard]] std::uint64_t sum_ns() const { return sum_ns_.value(); }

 protected:
  explicit constexpr Histogram(std::int64_t first_ns) : first_ns_(first_ns) {}
  void count(std::size_t bucket, std::int64_t ns) {
    buckets_[bucket < kBounds ? bucket : kBounds].add();
    sum_ns_.add(static_cast<std::uint64_t>(ns));
  }

 private:
  std::array<Counter, kBounds + 1> buckets_{};
  Counter sum_ns_;
  std::int64_t first_ns_;
};

// The first bound is part of the type, so that the division by it is none.
template <std::int64_t kFirstNs>
class HistogramFrom : public Histogram {
 public:
  constexpr HistogramFrom() : Histogram(kFirstNs) {}

  [[nodiscard]] static constexpr Duration bound(std::size_t i) { return {kFirstNs << i}; }

  void record(Duration d) {
    const std::int64_t ns = d.ns < 0 ? 0 : d.ns;
    const auto units = static_cast<std::uint64_t>(ns / kFirstNs + (ns % kFirstNs != 0 ? 1 : 0));
    count(units <= 1 ? 0 : static_cast<std::size_t>(std::bit_width(units - 1)), ns);
  }
};

using LatencyHistogram = HistogramFrom<64'000>;  // waits for others: 64 us to 67 s
using OwnTimeHistogram = HistogramFrom<1'000>;   // work of our own: 1 us to 1 s

}  // namespace wp
