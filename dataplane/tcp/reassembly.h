// Segments that came before their turn. Each connection holds a bounded list in sequence order; the nodes are a
// shard's, so that a connection without losses costs nothing but the list's header.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/stream/slice.h"
#include "dataplane/wire/seq.h"
#include "dataplane/wire/tcp_options.h"

namespace wp::tcp {

class PiecePool {
 public:
  explicit PiecePool(std::uint32_t pieces);

  [[nodiscard]] std::uint32_t available() const { return available_; }
  [[nodiscard]] std::uint32_t capacity() const { return static_cast<std::uint32_t>(pieces_.size()); }

 private:
  friend class Reassembly;
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Piece {
    stream::Slice bytes;
    wire::SeqNumber left;
    std::uint32_t next = kNone;

    [[nodiscard]] wire::SeqNumber right() const { return left + bytes.size(); }
  };

  [[nodiscard]] std::uint32_t take();
  void give_back(std::uint32_t piece);

  std::vector<Piece> pieces_;
  std::uint32_t free_ = kNone;
  std::uint32_t available_ = 0;
};

class Reassembly {
 public:
  Reassembly() = default;
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  [[nodiscard]] bool empty() const { return head_ == PiecePool::kNone; }
  [[nodiscard]] std::uint32_t pieces() const { return count_; }

  // Keeps what of `bytes`, which begin at `left`, is not held yet: of bytes that come twice the first stay, whatever
  // the second ones are. False when something had to be dropped, because the pool is empty or `limit` pieces are held.
  // All must lie in a window narrower than 2^30.
  bool insert(PiecePool& pool, wire::SeqNumber left, stream::Slice&& bytes, std::uint32_t limit);

  // The next bytes at `next`, which is what was received without a gap; a slice that owns nothing when they are
  // missing. What lies before `next` is dropped.
  [[nodiscard]] stream::Slice take(PiecePool& pool, wire::SeqNumber next);

  // Where the last piece ends; `next` when none is held.
  [[nodiscard]] wire::SeqNumber end(const PiecePool& pool, wire::SeqNumber next) const {
    return empty() ? next : pool.pieces_[tail_].right();
  }

  // The runs that are held, for RFC 2018, section 4: the one that holds `latest` first, then those that were reported
  // last, then others, at most `most`.
  void blocks(const PiecePool& pool, wire::SeqNumber latest, std::size_t most, wire::SackBlocks& out);

  void clear(PiecePool& pool);

 private:
  // Puts a piece behind `after` (kNone: in front).
  bool link(PiecePool& pool, std::uint32_t after, wire::SeqNumber left, stream::Slice&& bytes, std::uint32_t limit);
  void drop_front(PiecePool& pool);
  // The run that begins with the piece at `at`, which becomes the first one behind it.
  [[nodiscard]] static wire::SackBlock run_from(const PiecePool& pool, std::uint32_t& at);
  // Appends the run that holds `sequence`, if any does and it is not there yet.
  void report(const PiecePool& pool, wire::SeqNumber sequence, wire::SackBlocks& out) const;

  wire::SackBlocks reported_;
  std::uint32_t head_ = PiecePool::kNone;
  std::uint32_t tail_ = PiecePool::kNone;
  std::uint32_t count_ = 0;
};

}  // namespace wp::tcp
