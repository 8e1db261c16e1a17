#include "tests/sim/packet/link.h"

namespace wp::sim::packet {

void Link::heal() {
  const LinkShape was = shape_;
  shape_ = LinkShape{.bytes_per_second = was.bytes_per_second, .delay = was.delay, .queue = was.queue};
  in_burst_ = false;
}

bool Link::is_dropped(Instant now, std::size_t bytes, Rng& rng) {
  if (shape_.partition_every.ns > 0) {
    if (now >= partition_to_) {
      const auto span = static_cast<std::uint32_t>(shape_.partition_every.millis());
      partition_from_ = now + millis(rng.between(span / 2, span * 3 / 2));
      partition_to_ =
          partition_from_ + millis(1 + rng.below(static_cast<std::uint32_t>(shape_.partition_for.millis())));
    }
    if (now >= partition_from_) {
      ++tally_.partitioned;
      return true;
    }
  }
  if (bytes > shape_.mtu) {
    ++tally_.too_big;
    return true;
  }
  if (in_burst_) {
    in_burst_ = !rng.chance(shape_.burst_end);
  } else {
    in_burst_ = rng.chance(shape_.burst_begin);
  }
  if (rng.chance(in_burst_ ? shape_.burst_loss : shape_.loss)) {
    ++tally_.lost;
    return true;
  }
  return false;
}

void Link::send(Instant now, std::vector<std::byte> packet, Rng& rng, EventQueue& queue) {
  ++tally_.sent;
  if (is_dropped(now, packet.size(), rng)) return;
  const Instant begin = free_at_ > now ? free_at_ : now;
  if (begin - now > shape_.queue) {
    ++tally_.overflowed;
    return;
  }
  free_at_ = begin + nanos(static_cast<std::int64_t>(packet.size() * 1'000'000'000 / shape_.bytes_per_second));
  Instant at = free_at_ + shape_.delay;
  if (rng.chance(shape_.reorder)) {
    ++tally_.reordered;
    at = at + nanos(1 + static_cast<std::int64_t>(rng.unit() * static_cast<double>(shape_.reorder_by.ns)));
  }
  if (rng.chance(shape_.duplicate)) {
    ++tally_.duplicated;
    queue.put(at + micros(rng.below(2000)), to_, packet);
  }
  // One bit: any checksum finds it. More could cancel out, which no transport can be blamed for.
  if (rng.chance(shape_.flip)) {
    ++tally_.flipped;
    packet[rng.below(static_cast<std::uint32_t>(packet.size()))] ^= static_cast<std::byte>(1U << rng.below(8));
  } else if (rng.chance(shape_.truncate)) {
    ++tally_.truncated;
    packet.resize(1 + rng.below(static_cast<std::uint32_t>(packet.size())));
  }
  ++tally_.delivered;
  queue.put(at, to_, std::move(packet));
}

}  // namespace wp::sim::packet
