#include "dataplane/tcp/reassembly.h"

#include <algorithm>

namespace wp::tcp {

using stream::Slice;
using wire::SeqNumber;

PiecePool::PiecePool(std::uint32_t pieces) : pieces_(pieces), available_(pieces) {
  for (std::uint32_t i = pieces; i > 0; --i) {
    pieces_[i - 1].next = free_;
    free_ = i - 1;
  }
}

std::uint32_t PiecePool::take() {
  const std::uint32_t piece = free_;
  if (piece == kNone) return piece;
  free_ = pieces_[piece].next;
  --available_;
  return piece;
}

void PiecePool::give_back(std::uint32_t piece) {
  pieces_[piece].bytes.reset();
  pieces_[piece].next = free_;
  free_ = piece;
  ++available_;
}

bool Reassembly::link(PiecePool& pool, std::uint32_t after, SeqNumber left, Slice&& bytes, std::uint32_t limit) {
  if (count_ >= limit) return false;
  const std::uint32_t fresh = pool.take();
  if (fresh == PiecePool::kNone) return false;
  auto& pieces = pool.pieces_;
  pieces[fresh].left = left;
  pieces[fresh].bytes = std::move(bytes);
  std::uint32_t& before = after == PiecePool::kNone ? head_ : pieces[after].next;
  pieces[fresh].next = before;
  before = fresh;
  if (pieces[fresh].next == PiecePool::kNone) tail_ = fresh;
  ++count_;
  return true;
}

bool Reassembly::insert(PiecePool& pool, SeqNumber left, Slice&& bytes, std::uint32_t limit) {
  const auto& pieces = pool.pieces_;
  const SeqNumber right = left + bytes.size();
  // In order behind a gap, which is what nearly all are.
  if (tail_ != PiecePool::kNone && left >= pieces[tail_].right()) {
    return link(pool, tail_, left, std::move(bytes), limit);
  }
  std::uint32_t after = PiecePool::kNone;
  for (std::uint32_t at = head_;; after = at, at = pieces[at].next) {
    // What fits between the piece before and the one at `at`.
    const SeqNumber until = at == PiecePool::kNone ? right : wire::earlier(right, pieces[at].left);
    if (left < until) {
      const auto offset = static_cast<std::uint32_t>(bytes.size() - static_cast<std::uint32_t>(right - left));
      if (!link(pool, after, left, bytes.share(offset, static_cast<std::uint32_t>(until - left)), limit)) return false;
    }
    if (at == PiecePool::kNone || until == right) return true;
    left = wire::later(left, pieces[at].right());
    if (left >= right) return true;
  }
}

void Reassembly::drop_front(PiecePool& pool) {
  const std::uint32_t front = head_;
  head_ = pool.pieces_[front].next;
  if (head_ == PiecePool::kNone) tail_ = PiecePool::kNone;
  pool.give_back(front);
  --count_;
}

Slice Reassembly::take(PiecePool& pool, SeqNumber next) {
  while (head_ != PiecePool::kNone) {
    PiecePool::Piece& front = pool.pieces_[head_];
    if (front.left > next) return {};
    if (front.right() > next) {
      Slice bytes = std::move(front.bytes);
      bytes.advance(static_cast<std::uint32_t>(next - front.left));
      drop_front(pool);
      return bytes;
    }
    drop_front(pool);
  }
  return {};
}

wire::SackBlock Reassembly::run_from(const PiecePool& pool, std::uint32_t& at) {
  wire::SackBlock run{.left = pool.pieces_[at].left, .right = pool.pieces_[at].right()};
  for (at = pool.pieces_[at].next; at != PiecePool::kNone && pool.pieces_[at].left == run.right;) {
    run.right = pool.pieces_[at].right();
    at = pool.pieces_[at].next;
  }
  return run;
}

void Reassembly::report(const PiecePool& pool, SeqNumber sequence, wire::SackBlocks& out) const {
  for (std::uint32_t at = head_; at != PiecePool::kNone;) {
    const wire::SackBlock run = run_from(pool, at);
    if (sequence < run.left) return;
    if (sequence >= run.right) continue;
    if (std::ranges::find(out.all(), run) == out.all().end()) out.push_back(run);
    return;
  }
}

void Reassembly::blocks(const PiecePool& pool, SeqNumber latest, std::size_t most, wire::SackBlocks& out) {
  most = std::min(most, wire::SackBlocks::kMax);
  report(pool, latest, out);
  for (const wire::SackBlock& before : reported_.all()) {
    if (out.size() < most) report(pool, before.left, out);
  }
  for (std::uint32_t at = head_; at != PiecePool::kNone && out.size() < most;) {
    const wire::SackBlock run = run_from(pool, at);
    if (std::ranges::find(out.all(), run) == out.all().end()) out.push_back(run);
  }
  reported_ = out;
}

void Reassembly::clear(PiecePool& pool) {
  while (head_ != PiecePool::kNone) drop_front(pool);
}

}  // namespace wp::tcp
