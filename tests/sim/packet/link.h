// One direction of a path: a bottleneck with a queue, a delay, and everything that goes wrong on the way.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/base/rng.h"
#include "tests/sim/packet/event_queue.h"

namespace wp::sim::packet {

struct LinkShape {
  std::uint64_t bytes_per_second = 125'000'000;
  Duration delay = millis(1);
  Duration queue = millis(50);  // what waits longer at the bottleneck is dropped
  double loss = 0;
  double burst_begin = 0;  // a packet begins a burst in which
  double burst_loss = 0;   // each is lost with this probability
  double burst_end = 0.3;  // and each ends it with this one
  double duplicate = 0;
  double reorder = 0;  // delayed by up to reorder_by more
  Duration reorder_by = millis(5);
  double flip = 0;  // one bit
  double truncate = 0;
  std::uint32_t mtu = 65'535;  // larger ones vanish without a word
  Duration partition_every{};  // none when zero; else a partition of up to partition_for begins about this often
  Duration partition_for{};
};

// What the links of a world did, so that a seed's kind shows.
struct LinkTally {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  std::uint64_t overflowed = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t flipped = 0;
  std::uint64_t truncated = 0;
  std::uint64_t too_big = 0;
  std::uint64_t partitioned = 0;
};

class Link {
 public:
  Link(const LinkShape& shape, std::uint32_t to) : shape_(shape), to_(to) {}

  void send(Instant now, std::vector<std::byte> packet, Rng& rng, EventQueue& queue);
  // From now on it only delays.
  void heal();
  [[nodiscard]] const LinkTally& tally() const { return tally_; }

 private:
  [[nodiscard]] bool is_dropped(Instant now, std::size_t bytes, Rng& rng);

  LinkShape shape_;
  std::uint32_t to_;
  LinkTally tally_;
  Instant free_at_{};
  Instant partition_from_{};
  Instant partition_to_{};
  bool in_burst_ = false;
};

}  // namespace wp::sim::packet
