// A peer that knows the numbers and lies about them, and an attacker who guesses. It answers what the stack sends it
// with segments near the truth: acknowledgments of what was not sent, divided and optimistic ones, data that overlaps
// with other bytes, windows that shrink, SACK lies, and resets and SYNs in every state.
#pragma once

#include <vector>

#include "dataplane/base/rng.h"
#include "tests/sim/packet/frame.h"

namespace wp::sim::packet {

class Hostile {
 public:
  Hostile(const Endpoint& address, const Endpoint& victim, std::uint64_t seed);

  // What the victim sent it.
  void receive(const Arrived& arrived);
  // One more segment against the victim.
  [[nodiscard]] std::vector<std::byte> attack();
  // What must be challenged, on each connection that it has: so it learns how many challenges are left.
  [[nodiscard]] std::vector<std::vector<std::byte>> probes();
  // One more out of thin air, in the name of two others.
  [[nodiscard]] std::vector<std::byte> guess(const Endpoint& from, const Endpoint& to);

 private:
  // What it knows of one of its connections.
  struct Grip {
    std::uint16_t port = 0;
    wire::SeqNumber sequence{};  // its own next
    wire::SeqNumber heard{};     // the end of what the victim sent
    wire::SeqNumber asked{};     // the victim's last acknowledgment
    std::uint32_t timestamp = 1;
    std::uint32_t echo = 0;
    bool timestamps = false;
    bool open = false;
  };

  [[nodiscard]] wire::TcpHeader syn(Grip& grip);
  void bend(Grip& grip, wire::TcpHeader& header, std::size_t& payload);
  [[nodiscard]] std::vector<std::byte> packet(const Endpoint& from, const Endpoint& to, const wire::TcpHeader& header,
                                              std::size_t payload);

  Endpoint address_;
  Endpoint victim_;
  Rng rng_;
  std::vector<Grip> grips_;
};

}  // namespace wp::sim::packet
