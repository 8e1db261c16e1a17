// A bounded queue of slices. The bound is credit in bytes; the nodes come from one pool a shard, so that an empty
// chain costs nothing but its header.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/stream/slice.h"

namespace wp::stream {

// The shard's stock of list nodes. Fixed at construction.
class NodePool {
 public:
  explicit NodePool(std::uint32_t nodes) : nodes_(nodes) {
    for (std::uint32_t i = nodes; i > 0; --i) {
      nodes_[i - 1].next = free_;
      free_ = i - 1;
    }
    available_ = nodes;
  }
  [[nodiscard]] std::uint32_t available() const { return available_; }

 private:
  friend class Chain;
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Node {
    Slice slice;
    std::uint32_t next = kNone;
  };

  std::vector<Node> nodes_;
  std::uint32_t free_ = kNone;
  std::uint32_t available_ = 0;
};

class Chain {
 public:
  // `limit`: bytes that credit() counts down from. A push beyond it is allowed (a transport may have more in hand than
  // it was granted); credit is then 0 until the surplus is consumed.
  Chain(NodePool& nodes, std::uint32_t limit) : nodes_(&nodes), limit_(limit) {}
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  ~Chain() { clear(); }

  [[nodiscard]] bool empty() const { return bytes_ == 0; }
  [[nodiscard]] std::uint32_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t slices() const { return count_; }
  [[nodiscard]] std::uint32_t limit() const { return limit_; }
  [[nodiscard]] std::uint32_t credit() const { return bytes_ < limit_ ? limit_ - bytes_ : 0; }

  // Appends by reference. False, and the slice is untouched, when the node pool is empty. Empty slices are dropped.
  [[nodiscard]] bool push(Slice&& slice);

  // Appends a copy: into the room left in the last slice when that was written here, else into entries of `pool`. All
  // or nothing: false when pool or nodes are too few. Small pieces so share an entry instead of pinning one each.
  [[nodiscard]] bool append(Bytes bytes, SlicePool& pool);

  // The first bytes in order. Empty when the chain is.
  [[nodiscard]] const Slice& front() const;

  // Drops `n` bytes from the front; n <= bytes().
  void consume(std::uint32_t n);

  // Takes the whole first slice out.
  [[nodiscard]] Slice pop();

  // Fills up to `max` spans with the first slices' bytes; returns how many. For gathering writes.
  template <class Emit>
  std::uint32_t gather(std::uint32_t max, Emit&& emit) const {
    std::uint32_t n = 0;
    for (std::uint32_t at = head_; at != NodePool::kNone && n < max; at = nodes_->nodes_[at].next, ++n) {
      emit(nodes_->nodes_[at].slice.bytes());
    }
    return n;
  }

  // Copies out.size() bytes from `offset` on, which must all lie inside, and drops nothing: for a transport that keeps
  // what it sent until the peer has it. Work grows with the slices before `offset`.
  void copy(std::uint32_t offset, std::span<std::byte> out) const;

  void clear();

 private:
  [[nodiscard]] std::uint32_t take_node();
  void drop_front();
  void link(std::uint32_t node);
  // Bytes that can still be written behind the last slice.
  [[nodiscard]] std::uint32_t tail_room(const SlicePool& pool) const;

  NodePool* nodes_;
  std::uint32_t head_ = NodePool::kNone;
  std::uint32_t tail_ = NodePool::kNone;
  std::uint32_t bytes_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t limit_;
  bool tail_is_ours_ = false;  // the last slice was made by append() and nobody shares its entry's unused end
};

}  // namespace wp::stream
