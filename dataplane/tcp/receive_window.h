// What the peer may send: the next byte that is expected, and how far it was told it may go.
#pragma once

#include <cstdint>

#include "dataplane/wire/seq.h"

namespace wp::tcp {

class ReceiveWindow {
 public:
  // `limit`: the most bytes that will ever be offered; decides the scale.
  explicit ReceiveWindow(std::uint32_t limit);
  // The peer's SYN has come: its first byte is at `first`. What our own SYN offered before holds from there.
  void begin(wire::SeqNumber first) {
    edge_ = first + size();
    next_ = first;
  }

  // RFC 7323, section 2.2: what a SYN announces.
  [[nodiscard]] std::uint8_t scale() const { return scale_; }
  // The peer does not scale, so neither may we.
  void without_scale() { scale_ = 0; }

  [[nodiscard]] wire::SeqNumber next() const { return next_; }
  [[nodiscard]] wire::SeqNumber edge() const { return edge_; }
  // Bytes that are taken: up to the furthest edge ever offered, for what was offered is not taken back.
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(edge_ - next_); }
  void advance(std::uint32_t bytes) { next_ += bytes; }

  // The window field for the next segment, given how much more may be queued. It moves the edge in steps worth having
  // (RFC 9293, section 3.8.6.2.2: receiver's silly window avoidance) and never back. A SYN's is not scaled.
  [[nodiscard]] std::uint16_t offer(std::uint32_t credit, std::uint32_t mss, bool in_syn);

  // Whether offer() would now move the edge far enough to be worth a segment of its own.
  [[nodiscard]] bool is_update_due(std::uint32_t credit, std::uint32_t mss) const;

 private:
  [[nodiscard]] std::uint32_t step(std::uint32_t mss) const;

  wire::SeqNumber next_{};
  wire::SeqNumber edge_{};
  std::uint32_t limit_ = 0;
  std::uint8_t scale_ = 0;
};

}  // namespace wp::tcp
