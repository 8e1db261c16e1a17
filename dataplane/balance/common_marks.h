// Which rungs may be common, that is, held by so many replicas, or left by so many conversations, that they are no
// one's own. A pick asks this of each of its rungs, and nearly none is: of those a bit here, in a few kilobytes that
// every core keeps, says so without a look at the residency table. A bit that is set says no more than that a look is
// worth it: it is shared by many rungs, and stays.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace wp::balance {

class CommonMarks {
 public:
  // Of a table of so many lines, a power of two.
  explicit CommonMarks(std::uint32_t lines)
      : mask_(std::clamp<std::uint32_t>(lines, kWordBits, kMostBits) - 1),
        words_(std::make_unique<std::atomic<std::uint64_t>[]>((mask_ + 1) / kWordBits)) {}

  // Any thread. `line` of the table, and the tag of a fan-out entry there: what both kinds of entries tell of a rung.
  [[nodiscard]] bool marked(std::uint64_t line, std::uint64_t tag) const {
    const std::uint64_t at = place(line, tag);
    return ((words_[at / kWordBits].load(std::memory_order_relaxed) >> (at % kWordBits)) & 1U) != 0;
  }
  void mark(std::uint64_t line, std::uint64_t tag) {
    if (marked(line, tag)) return;
    const std::uint64_t at = place(line, tag);
    words_[at / kWordBits].fetch_or(std::uint64_t{1} << (at % kWordBits), std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint32_t kWordBits = 64;
  static constexpr std::uint32_t kMostBits = 1U << 19U;  // 64 KiB

  [[nodiscard]] std::uint64_t place(std::uint64_t line, std::uint64_t tag) const {
    return (line ^ tag * 0x9e37'79b9U) & mask_;
  }

  std::uint64_t mask_;  // of bits
  std::unique_ptr<std::atomic<std::uint64_t>[]> words_;
};

}  // namespace wp::balance
