// What a replica, or a pool, was given over the long run: tokens, halved at fixed points of the time line, the same for
// all, so that a replica's can be held against its pool's whenever both are read. Where Pace::work() forgets within
// minutes, this one tells of a fleet that mostly idles whose turn it was before.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "dataplane/base/time.h"

namespace wp::balance {

class Given {
 public:
  // Half is forgotten each time so many bits of the nanoseconds have passed: 37 minutes.
  static constexpr unsigned kTermBits = 41;

  // Any thread. Nothing is lost to a race: a pool's sum that fell behind would make its replicas look overworked.
  void add(Instant now, std::uint32_t tokens) {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while (terms_since(word, now) > 0) {
      const std::uint64_t next = term(now) << kTokenBits | (tokens_of(word, now) + tokens);
      if (word_.compare_exchange_weak(word, next, std::memory_order_relaxed)) return;
    }
    word_.fetch_add(tokens, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t tokens(Instant now) const {
    return tokens_of(word_.load(std::memory_order_relaxed), now);
  }
  void reset() { word_.store(0, std::memory_order_relaxed); }

 private:
  // The number of the term, which wraps after four years, above more tokens than any fleet prefills in a few terms.
  static constexpr unsigned kTokenBits = 48;

  static std::uint64_t term(Instant now) { return static_cast<std::uint64_t>(now.ns) >> kTermBits & 0xFFFFU; }
  // 0 also where another shard's clock is ahead, in the next term.
  static std::uint16_t terms_since(std::uint64_t word, Instant now) {
    const auto terms = static_cast<std::uint16_t>(term(now) - (word >> kTokenBits));
    return terms == UINT16_MAX ? 0 : terms;
  }
  static std::uint64_t tokens_of(std::uint64_t word, Instant now) {
    const std::uint64_t tokens = word & ((std::uint64_t{1} << kTokenBits) - 1);
    return tokens >> std::min<unsigned>(terms_since(word, now), kTokenBits);
  }

  std::atomic<std::uint64_t> word_{0};
};

}  // namespace wp::balance
