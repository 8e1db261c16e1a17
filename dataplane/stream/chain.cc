#include "dataplane/stream/chain.h"

#include <algorithm>

namespace wp::stream {

std::uint32_t Chain::take_node() {
  const std::uint32_t node = nodes_->free_;
  if (node == NodePool::kNone) return node;
  nodes_->free_ = nodes_->nodes_[node].next;
  nodes_->nodes_[node].next = NodePool::kNone;
  --nodes_->available_;
  return node;
}

void Chain::link(std::uint32_t node) {
  if (tail_ == NodePool::kNone) {
    head_ = node;
  } else {
    nodes_->nodes_[tail_].next = node;
  }
  tail_ = node;
  ++count_;
}

bool Chain::push(Slice&& slice) {
  if (slice.empty()) {
    slice.reset();
    return true;
  }
  const std::uint32_t node = take_node();
  if (node == NodePool::kNone) return false;
  bytes_ += slice.size();
  nodes_->nodes_[node].slice = std::move(slice);
  link(node);
  tail_is_ours_ = false;
  return true;
}

std::uint32_t Chain::tail_room(const SlicePool& pool) const {
  if (!tail_is_ours_ || tail_ == NodePool::kNone) return 0;
  const Slice& last = nodes_->nodes_[tail_].slice;
  if (last.pool() != &pool) return 0;
  const auto used = static_cast<std::uint32_t>(last.data() + last.size() - last.pool()->entry_data(last.entry()));
  return pool.entry_bytes() - used;
}

bool Chain::append(Bytes bytes, SlicePool& pool) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const std::uint32_t room = tail_room(pool);
  const std::uint32_t rest = size > room ? size - room : 0;
  const std::uint32_t entries = (rest + pool.entry_bytes() - 1) / pool.entry_bytes();
  if (entries > pool.free() || entries > nodes_->available_) return false;

  std::uint32_t done = std::min(size, room);
  if (done > 0) {
    Slice& last = nodes_->nodes_[tail_].slice;
    std::byte* base = last.pool()->entry_data(last.entry());
    const auto offset = static_cast<std::uint32_t>(last.data() - base);
    std::memcpy(base + offset + last.size(), bytes.data(), done);
    last.set_range(offset, last.size() + done);
    bytes_ += done;
  }
  while (done < size) {
    Slice fresh = pool.take();
    const std::uint32_t part = std::min(size - done, pool.entry_bytes());
    std::memcpy(fresh.writable().data(), bytes.data() + done, part);
    fresh.set_range(0, part);
    const bool pushed = push(std::move(fresh));
    WP_ASSERT(pushed);
    tail_is_ours_ = true;
    done += part;
  }
  return true;
}

const Slice& Chain::front() const {
  static const Slice kEmpty;
  return head_ == NodePool::kNone ? kEmpty : nodes_->nodes_[head_].slice;
}

void Chain::drop_front() {
  NodePool::Node& node = nodes_->nodes_[head_];
  const std::uint32_t next = node.next;
  node.slice.reset();
  node.next = nodes_->free_;
  nodes_->free_ = head_;
  ++nodes_->available_;
  head_ = next;
  if (head_ == NodePool::kNone) {
    tail_ = NodePool::kNone;
    tail_is_ours_ = false;
  }
  --count_;
}

void Chain::consume(std::uint32_t n) {
  WP_ASSERT(n <= bytes_);
  bytes_ -= n;
  while (n > 0) {
    Slice& first = nodes_->nodes_[head_].slice;
    if (n < first.size()) {
      first.advance(n);
      return;
    }
    n -= first.size();
    drop_front();
  }
}

Slice Chain::pop() {
  WP_ASSERT(head_ != NodePool::kNone);
  Slice slice = std::move(nodes_->nodes_[head_].slice);
  bytes_ -= slice.size();
  drop_front();
  return slice;
}

void Chain::copy(std::uint32_t offset, std::span<std::byte> out) const {
  WP_ASSERT(offset <= bytes_ && out.size() <= bytes_ - offset);
  for (std::uint32_t at = head_; !out.empty(); at = nodes_->nodes_[at].next) {
    const Bytes piece = nodes_->nodes_[at].slice.bytes();
    if (offset >= piece.size()) {
      offset -= static_cast<std::uint32_t>(piece.size());
      continue;
    }
    const std::size_t n = std::min(piece.size() - offset, out.size());
    std::memcpy(out.data(), piece.data() + offset, n);
    out = out.subspan(n);
    offset = 0;
  }
}

void Chain::clear() {
  while (head_ != NodePool::kNone) drop_front();
  bytes_ = 0;
}

}  // namespace wp::stream
