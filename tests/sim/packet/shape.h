// What kind of world a seed draws.
#pragma once

#include <string>
#include <vector>

#include "dataplane/stream/port_table.h"
#include "dataplane/tcp/stack.h"
#include "tests/sim/packet/link.h"
#include "tests/sim/packet/talk.h"

namespace wp::sim::packet {

struct HostShape {
  tcp::TcpConfig tcp{};
  stream::StreamLimits streams{};
  tcp::StackLimits stack{};
  std::uint32_t rx_ring = 512;   // packets waiting for a turn; more are dropped
  std::uint32_t tx_budget = 64;  // packets that the device takes a turn
  Duration turn = micros(10);    // between turns while there is work
  double lies = 0;               // packets whose checksum the device says it completed, and did not
  bool pads = false;             // short packets come with bytes behind them that are not theirs
  double pause = 0;              // a turn after which the shard stands still
  Duration pause_max = millis(100);
};

struct Shape {
  bool v6 = false;
  bool hostile = false;  // a peer that lies, and an attacker who guesses
  std::uint32_t hostile_packets = 0;
  bool probes_limit = false;  // of challenges, which is low
  HostShape host[2];
  LinkShape link[2];             // from host 0 to 1, from 1 to 0
  std::vector<TalkShape> talks;  // of the first phase
  std::vector<TalkShape> later;  // of the second, when nothing may fail
  Duration faults_for = seconds(20);

  [[nodiscard]] std::string text() const;
};

[[nodiscard]] Shape draw_shape(Rng& rng);

}  // namespace wp::sim::packet
