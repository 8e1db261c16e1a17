// Received pieces that could not be delivered because the shard was out of list nodes: kept in order, a queue a
// connection, linked through arrays indexed by the pieces' own pool entries, so that keeping them needs no memory.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/stream/slice.h"

namespace wp::net {

class HeldPieces {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Queue {
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
    [[nodiscard]] bool empty() const { return first == kNone; }
  };

  explicit HeldPieces(const stream::SlicePool& pool) : pieces_(pool.entries()), next_(pool.entries(), kNone) {}

  void push(Queue& queue, stream::Slice&& piece);
  [[nodiscard]] stream::Slice& front(const Queue& queue) { return pieces_[queue.first]; }
  void pop(Queue& queue);
  void clear(Queue& queue);

 private:
  std::vector<stream::Slice> pieces_;
  std::vector<std::uint32_t> next_;
};

}  // namespace wp::net
