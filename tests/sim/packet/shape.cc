#include "tests/sim/packet/shape.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace wp::sim::packet {
namespace {

// Each power of two of the range as likely as the others: most bugs live where a figure is unusual.
std::uint32_t skewed(Rng& rng, std::uint32_t low, std::uint32_t high) {
  const double ratio = std::log(static_cast<double>(high) / low);
  return static_cast<std::uint32_t>(low * std::exp(ratio * rng.unit()));
}

template <class T>
T one_of(Rng& rng, std::initializer_list<T> values) {
  return *(values.begin() + rng.below(static_cast<std::uint32_t>(values.size())));
}

LinkShape draw_link(Rng& rng, bool calm) {
  LinkShape link;
  link.bytes_per_second = skewed(rng, 100'000, 1'000'000'000);
  link.delay = micros(skewed(rng, 10, 200'000));
  link.queue = millis(skewed(rng, 2, 500));
  // Two packets at least: a path that holds less than one has no end that is due to anybody's faults.
  link.queue = std::max(link.queue, Duration{static_cast<std::int64_t>(2 * 9'000'000'000'000 / link.bytes_per_second)});
  if (calm) return link;
  if (rng.chance(0.5)) link.loss = one_of(rng, {0.001, 0.01, 0.05, 0.3});
  if (rng.chance(0.25)) {
    link.burst_begin = one_of(rng, {0.001, 0.01});
    link.burst_loss = 0.8;
    link.burst_end = one_of(rng, {0.05, 0.3});
  }
  if (rng.chance(0.3)) link.duplicate = one_of(rng, {0.01, 0.2});
  if (rng.chance(0.4)) {
    link.reorder = one_of(rng, {0.01, 0.1, 0.5});
    link.reorder_by = micros(skewed(rng, 50, 100'000));
  }
  if (rng.chance(0.2)) link.flip = one_of(rng, {0.001, 0.05});
  if (rng.chance(0.2)) link.truncate = one_of(rng, {0.001, 0.05});
  if (rng.chance(0.15)) link.mtu = rng.between(600, 1400);
  if (rng.chance(0.2)) {
    link.partition_every = millis(skewed(rng, 500, 10'000));
    link.partition_for = millis(skewed(rng, 10, 5'000));
  }
  return link;
}

TalkShape draw_talk(Rng& rng, bool behaves, std::uint32_t most) {
  TalkShape talk;
  for (std::uint32_t& bytes : talk.sends) bytes = rng.chance(0.1) ? 0 : skewed(rng, 1, most);
  talk.write_max = skewed(rng, 1, 65'536);
  if (talk.write_max < 64) {
    for (std::uint32_t& bytes : talk.sends) bytes = std::min(bytes, 5'000U);
  }
  talk.read_max = skewed(rng, 16, 65'536);
  // Who reads a little at each wakeup keeps the window nearly closed: a few round trips for each little.
  for (std::uint32_t& bytes : talk.sends) bytes = std::min(bytes, 2'000 * talk.read_max);
  talk.server_waits = rng.chance(0.5);
  if (behaves) return talk;
  if (rng.chance(0.3)) talk.reads = one_of(rng, {0.02, 0.2});
  if (rng.chance(0.1)) talk.abort_after[rng.below(2)] = rng.below(talk.sends[0] + talk.sends[1] + 1);
  return talk;
}

HostShape draw_host(Rng& rng, bool calm) {
  HostShape host;
  host.tcp.mtu = one_of<std::uint16_t>(rng, {576, 1280, 1500, 1500, 9000});
  host.tcp.delayed_ack = millis(rng.below(100));
  host.tcp.quick_acks = static_cast<std::uint8_t>(rng.below(20));
  host.tcp.time_wait = millis(rng.between(100, 5'000));
  host.tcp.user_timeout = seconds(rng.between(30, 90));
  host.tcp.keepalive_idle = seconds(rng.between(2, 60));
  host.tcp.out_of_order_pieces = static_cast<std::uint16_t>(rng.between(0, 64));
  host.streams = {.ports = 128,
                  .nodes = 16'384,
                  .receive_entries = 1'024,
                  .receive_bytes = 9'216,
                  .slab_entries = 4'096,
                  .rx_limit = skewed(rng, 2'048, 300'000),
                  .tx_limit = skewed(rng, 512, 300'000)};
  host.stack = {.connections = 256, .half_open = 64, .pieces = 512, .resets = 16};
  if (calm) return host;
  if (rng.chance(0.2)) host.streams.receive_entries = rng.between(64, 256);
  if (rng.chance(0.2)) host.stack.pieces = rng.below(64);
  if (rng.chance(0.2)) host.stack.half_open = rng.between(4, 16);
  if (rng.chance(0.2)) host.tcp.drain_bytes = rng.between(1, 4'096);
  if (rng.chance(0.2)) host.streams.ports = rng.between(8, 32);
  if (rng.chance(0.2)) host.rx_ring = rng.between(4, 64);
  if (rng.chance(0.3)) host.tx_budget = rng.between(1, 8);
  host.turn = micros(skewed(rng, 1, 2'000));
  if (rng.chance(0.2)) host.pause = one_of(rng, {0.001, 0.02});
  return host;
}

// No more than can be said in about a minute: a window a round trip, and a share of the bottleneck.
void keep_it_short(Shape& shape, TalkShape& talk) {
  const double round_trip = (shape.link[0].delay + shape.link[1].delay).seconds() + 0.01;
  for (unsigned side = 0; side < 2; ++side) {
    const double window = std::min(shape.host[side].streams.tx_limit, shape.host[1 - side].streams.rx_limit);
    const double share =
        static_cast<double>(shape.link[side].bytes_per_second) / static_cast<double>(shape.talks.size());
    const double most = 60 * std::min(window / round_trip, share);
    talk.sends[side] = static_cast<std::uint32_t>(std::min<double>(talk.sends[side], most));
  }
}

}  // namespace

Shape draw_shape(Rng& rng) {
  Shape shape;
  const bool calm = rng.chance(0.1);
  shape.v6 = rng.chance(0.5);
  shape.hostile = rng.chance(0.4);
  shape.hostile_packets = shape.hostile ? skewed(rng, 100, 5'000) : 0;
  for (unsigned i = 0; i < 2; ++i) {
    shape.host[i] = draw_host(rng, calm);
    // An attacker's handshakes fill the few places until they time out, which is not what the second phase is about.
    if (shape.hostile) shape.host[i].stack.half_open = 64;
    shape.link[i] = draw_link(rng, calm);
  }
  const std::uint32_t most = one_of(rng, {200'000U, 10'000'000U, 50'000'000U});
  const std::uint32_t talks = 1 + skewed(rng, 2, 60);
  for (std::uint32_t i = 0; i < talks; ++i) shape.talks.push_back(draw_talk(rng, calm, most));
  for (std::uint32_t i = 0; i < 1 + talks / 4; ++i) shape.later.push_back(draw_talk(rng, true, most / 4 + 1));
  for (TalkShape& talk : shape.talks) keep_it_short(shape, talk);
  for (TalkShape& talk : shape.later) keep_it_short(shape, talk);
  shape.faults_for = seconds(rng.between(5, 40));
  for (HostShape& host : shape.host) {
    if (calm) break;
    host.pads = rng.chance(0.3);
    if (rng.chance(0.15)) host.lies = one_of(rng, {0.001, 0.02});
  }
  shape.probes_limit = shape.hostile && rng.chance(0.5);
  if (shape.probes_limit) shape.host[1].tcp.challenges_per_second = 3;
  return shape;
}

std::string Shape::text() const {
  std::string text = v6 ? "v6" : "v4";
  if (hostile) text += " hostile " + std::to_string(hostile_packets);
  text += " talks " + std::to_string(talks.size()) + "+" + std::to_string(later.size());
  for (unsigned i = 0; i < 2; ++i) {
    const LinkShape& l = link[i];
    char line[400];
    std::snprintf(
        line, sizeof line,
        "\n  link %u: %.1f MB/s delay %.2f ms queue %lld ms loss %g burst %g/%g duplicate %g reorder %g by %.2f ms "
        "flip %g truncate %g mtu %u partitions %lld/%lld ms",
        i, static_cast<double>(l.bytes_per_second) / 1e6, static_cast<double>(l.delay.ns) / 1e6,
        static_cast<long long>(l.queue.millis()), l.loss, l.burst_begin, l.burst_loss, l.duplicate, l.reorder,
        static_cast<double>(l.reorder_by.ns) / 1e6, l.flip, l.truncate, l.mtu,
        static_cast<long long>(l.partition_for.millis()), static_cast<long long>(l.partition_every.millis()));
    text += line;
    const HostShape& h = host[i];
    std::snprintf(line, sizeof line,
                  "\n  host %u: mtu %u rx %u tx %u ports %u buffers %u pieces %u ring %u budget %u turn %lld us pause "
                  "%g lies %g%s",
                  i, h.tcp.mtu, h.streams.rx_limit, h.streams.tx_limit, h.streams.ports, h.streams.receive_entries,
                  h.stack.pieces, h.rx_ring, h.tx_budget, static_cast<long long>(h.turn.micros()), h.pause, h.lies,
                  h.pads ? " pads" : "");
    text += line;
  }
  return text;
}

}  // namespace wp::sim::packet
