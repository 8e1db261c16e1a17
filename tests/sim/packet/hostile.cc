#include "tests/sim/packet/hostile.h"

#include <algorithm>

namespace wp::sim::packet {

using wire::SeqNumber;
using wire::TcpFlag;
using wire::TcpHeader;

Hostile::Hostile(const Endpoint& address, const Endpoint& victim, std::uint64_t seed)
    : address_(address), victim_(victim), rng_(seed), grips_(8) {
  std::uint16_t port = 1000;
  for (Grip& grip : grips_) grip.port = ++port;
}

void Hostile::receive(const Arrived& arrived) {
  for (Grip& grip : grips_) {
    if (grip.port != arrived.flow.local.port) continue;
    const TcpHeader& header = arrived.header;
    if (header.flags.has(TcpFlag::rst)) {
      grip.open = false;
      return;
    }
    if (header.flags.has(TcpFlag::syn)) {
      grip.open = true;
      grip.timestamps = header.options.timestamps.has_value();
      grip.heard = header.sequence + 1;
    }
    const auto payload = static_cast<std::uint32_t>(arrived.payload.size());
    grip.heard = wire::later(grip.heard, header.sequence + wire::sequence_length(header.flags, payload));
    grip.asked = header.acknowledgment;
    if (header.options.timestamps) grip.echo = header.options.timestamps->value;
  }
}

std::vector<std::byte> Hostile::packet(const Endpoint& from, const Endpoint& to, const TcpHeader& header,
                                       std::size_t payload) {
  std::vector<std::byte> bytes(payload);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(rng_.below(256));
  TcpHeader named = header;
  named.source_port = from.port;
  named.destination_port = to.port;
  return make_packet({.local = from, .remote = to}, named, bytes);
}

TcpHeader Hostile::syn(Grip& grip) {
  grip.sequence = SeqNumber(static_cast<std::uint32_t>(rng_.next()));
  TcpHeader header{.sequence = grip.sequence, .flags = {TcpFlag::syn}};
  header.window = static_cast<std::uint16_t>(rng_.chance(0.3) ? rng_.below(3) : rng_.below(65'536));
  if (rng_.chance(0.8)) header.options.mss = static_cast<std::uint16_t>(rng_.chance(0.5) ? rng_.below(100) : 1460);
  if (rng_.chance(0.7)) header.options.window_scale = static_cast<std::uint8_t>(rng_.below(15));
  if (rng_.chance(0.7)) header.options.timestamps = wire::TcpTimestamps{grip.timestamp, 0};
  header.options.sack_permitted = rng_.chance(0.7);
  grip.sequence += 1;
  return header;
}

// Turns an honest segment into one that is not.
void Hostile::bend(Grip& grip, TcpHeader& header, std::size_t& payload) {
  const std::uint32_t near = rng_.chance(0.7) ? rng_.below(3'000) : rng_.below(1U << 20U);
  switch (rng_.below(14)) {
    case 0: header.acknowledgment = grip.heard + near; break;  // of what was not sent
    case 1: header.acknowledgment = grip.heard - near; break;  // divided, or old
    case 2: header.window = 0; break;
    case 3: header.window = static_cast<std::uint16_t>(rng_.below(20)); break;  // silly, and it shrinks
    case 4:
      header.sequence -= near;
      payload = rng_.below(1'400);
      break;  // overlaps, with other bytes
    case 5:
      header.sequence += near;
      payload = rng_.below(1'400);
      break;  // out of turn
    case 6:
      header.flags.add(TcpFlag::rst);
      header.sequence += near;
      break;
    case 7: header.flags.add(TcpFlag::syn); break;
    case 8:
      header.flags.add(TcpFlag::fin);
      header.sequence += rng_.chance(0.5) ? near : 0;
      break;
    case 9: header.flags = wire::TcpFlags(static_cast<std::uint8_t>(rng_.below(256))); break;
    case 10:
      header.options.timestamps.reset();
      for (unsigned i = 0; i < 3; ++i) {
        const SeqNumber left = grip.heard - rng_.below(100'000);
        header.options.sacks.push_back({left, left + rng_.below(100'000)});
      }
      break;
    case 11:
      if (header.options.timestamps) header.options.timestamps->value += static_cast<std::uint32_t>(rng_.next());
      break;
    case 12:
      header.flags = {TcpFlag::rst, TcpFlag::ack};
      header.sequence = grip.asked;
      break;  // it knows
    default:
      header.urgent_pointer = 7;
      header.flags.add(TcpFlag::urg);
      break;
  }
}

std::vector<std::byte> Hostile::attack() {
  Grip& grip = grips_[rng_.below(static_cast<std::uint32_t>(grips_.size()))];
  Endpoint from = address_;
  from.port = grip.port;
  if (!grip.open && rng_.chance(0.8)) return packet(from, victim_, syn(grip), rng_.chance(0.1) ? 100 : 0);
  TcpHeader header{.sequence = grip.sequence, .acknowledgment = grip.heard, .flags = {TcpFlag::ack}, .window = 8'000};
  grip.timestamp += rng_.below(3);
  if (grip.timestamps) header.options.timestamps = wire::TcpTimestamps{grip.timestamp, grip.echo};
  std::size_t payload = rng_.chance(0.3) ? rng_.below(1'400) : 0;
  const std::size_t honest = payload;
  if (rng_.chance(0.5)) {
    bend(grip, header, payload);
  } else {
    grip.sequence += static_cast<std::uint32_t>(honest);
  }
  return packet(from, victim_, header, payload);
}

std::vector<std::vector<std::byte>> Hostile::probes() {
  std::vector<std::vector<std::byte>> all;
  Endpoint from = address_;
  for (const Grip& grip : grips_) {
    if (!grip.open) continue;
    from.port = grip.port;
    all.push_back(packet(from, victim_, {.sequence = grip.sequence, .flags = {TcpFlag::syn}, .window = 8'000}, 0));
  }
  return all;
}

std::vector<std::byte> Hostile::guess(const Endpoint& from, const Endpoint& to) {
  TcpHeader header{.sequence = SeqNumber(static_cast<std::uint32_t>(rng_.next())),
                   .acknowledgment = SeqNumber(static_cast<std::uint32_t>(rng_.next())),
                   .flags = wire::TcpFlags(static_cast<std::uint8_t>(rng_.below(64))),
                   .window = static_cast<std::uint16_t>(rng_.below(65'536))};
  return packet(from, to, header, rng_.below(100));
}

}  // namespace wp::sim::packet
