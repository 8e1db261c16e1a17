#include "tests/sim/packet/summary.h"

#include <algorithm>
#include <array>

namespace wp::sim::packet {
namespace {

constexpr std::string_view kKinds[] = {"calm",        "IPv6",         "hostile",       "loss",        "bursts",
                                       "duplicates",  "reordering",   "bit flips",     "truncation",  "MTU holes",
                                       "partitions",  "pauses",       "few ports",     "few buffers", "few pieces",
                                       "small rings", "slow devices", "lying devices", "padding"};
constexpr std::string_view kPackets[] = {"delivered", "lost",      "overflowed", "duplicated", "reordered",
                                         "flipped",   "truncated", "too big",    "partitioned"};
constexpr std::string_view kEvents[] = {
#define WP_NAME(name, help) #name,
    WP_TCP_COUNTERS(WP_NAME)
#undef WP_NAME
};

// In the order of kKinds.
std::array<bool, std::size(kKinds)> kinds_of(const Shape& shape) {
  const auto on_a_link = [&](auto&& has) { return has(shape.link[0]) || has(shape.link[1]); };
  const auto on_a_host = [&](auto&& has) { return has(shape.host[0]) || has(shape.host[1]); };
  std::array<bool, std::size(kKinds)> is{
      false,
      shape.v6,
      shape.hostile,
      on_a_link([](const LinkShape& link) { return link.loss > 0; }),
      on_a_link([](const LinkShape& link) { return link.burst_begin > 0; }),
      on_a_link([](const LinkShape& link) { return link.duplicate > 0; }),
      on_a_link([](const LinkShape& link) { return link.reorder > 0; }),
      on_a_link([](const LinkShape& link) { return link.flip > 0; }),
      on_a_link([](const LinkShape& link) { return link.truncate > 0; }),
      on_a_link([](const LinkShape& link) { return link.mtu < 65'535; }),
      on_a_link([](const LinkShape& link) { return link.partition_every.ns > 0; }),
      on_a_host([](const HostShape& host) { return host.pause > 0; }),
      on_a_host([](const HostShape& host) { return host.streams.ports < 128; }),
      on_a_host([](const HostShape& host) { return host.streams.receive_entries < 1'024; }),
      on_a_host([](const HostShape& host) { return host.stack.pieces < 512; }),
      on_a_host([](const HostShape& host) { return host.rx_ring < 512; }),
      on_a_host([](const HostShape& host) { return host.tx_budget < 64; }),
      on_a_host([](const HostShape& host) { return host.lies > 0; }),
      on_a_host([](const HostShape& host) { return host.pads; })};
  is[0] = std::none_of(is.begin() + 2, is.end(), [](bool one) { return one; });
  return is;
}

std::string list(std::string_view title, std::span<const std::string_view> names,
                 std::span<const std::uint64_t> counts) {
  std::string text(title);
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? " " : ", ") + std::string(names[i]) + " " + std::to_string(i < counts.size() ? counts[i] : 0);
  }
  return text + "\n";
}

template <class Counts>
void add_all(std::vector<std::uint64_t>& sums, const Counts& counts) {
  if (sums.size() < counts.size()) sums.resize(counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) sums[i] += static_cast<std::uint64_t>(counts[i]);
}

}  // namespace

void Summary::add(const Shape& shape, const WorldResult& result) {
  ++worlds_;
  segments_ += result.segments;
  most_segments_ = std::max(most_segments_, result.segments);
  talks_ += result.talks;
  ended_by_faults_ += result.failed;
  add_all(kinds_, kinds_of(shape));
  for (const LinkTally& link : result.link) {
    add_all(packets_, std::array{link.delivered, link.lost, link.overflowed, link.duplicated, link.reordered,
                                 link.flipped, link.truncated, link.too_big, link.partitioned});
  }
  add_all(events_, result.events);
}

std::string Summary::text() const {
  const std::uint64_t worlds = std::max<std::uint64_t>(worlds_, 1);
  return "worlds: " + std::to_string(worlds_) + "; segments " + std::to_string(segments_) + " (" +
         std::to_string(segments_ / worlds) + " a seed, at most " + std::to_string(most_segments_) + "); talks " +
         std::to_string(talks_) + ", ended by faults " + std::to_string(ended_by_faults_) + "\n" +
         list("worlds with:", kKinds, kinds_) + list("packets:", kPackets, packets_) +
         list("stacks:", kEvents, events_);
}

}  // namespace wp::sim::packet
