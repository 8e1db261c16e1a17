// What happens next: one queue, ordered by time and, at one time, by when it was put in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "dataplane/base/time.h"

namespace wp::sim::packet {

// Something that happens to host `to`: a packet comes, or, without bytes, it is woken.
struct Happening {
  Instant at{};
  std::uint64_t sequence = 0;
  std::uint32_t to = 0;
  std::vector<std::byte> bytes{};
};

class EventQueue {
 public:
  void put(Instant at, std::uint32_t to, std::vector<std::byte> bytes = {}) {
    heap_.push_back({at, sequence_++, to, std::move(bytes)});
    std::ranges::push_heap(heap_, is_later);
  }

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] Instant next() const { return heap_.empty() ? kNever : heap_.front().at; }

  [[nodiscard]] Happening take() {
    std::ranges::pop_heap(heap_, is_later);
    Happening first = std::move(heap_.back());
    heap_.pop_back();
    return first;
  }

 private:
  static bool is_later(const Happening& a, const Happening& b) {
    return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
  }

  std::vector<Happening> heap_;
  std::uint64_t sequence_ = 0;
};

}  // namespace wp::sim::packet
