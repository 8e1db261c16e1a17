// The messages of ICMPv6 (RFC 4443, RFC 4861) that a host that speaks TCP must act on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "dataplane/wire/icmp.h"
#include "dataplane/wire/ipv6.h"
#include "dataplane/wire/neighbour.h"

namespace wp::wire {

// Codes of IcmpUnreachable (RFC 4443, section 3.1) that TCP tells apart.
enum class Icmpv6Unreachable : std::uint8_t { no_route = 0, prohibited = 1, address = 3, port = 4 };

struct Icmpv6Message {
  std::variant<IcmpEcho, IcmpUnreachable, IcmpTooBig, NeighbourSolicitation, NeighbourAdvertisement> body{};

  // `ip` is the packet's header: the checksum covers parts of it, and neighbour discovery depends on it. Refuses:
  // bad_checksum (always looked at: devices do not), unknown_icmp, bad_neighbour. A quote's own form is for QuotedTcp
  // to judge.
  [[nodiscard]] static Parsed<Icmpv6Message> parse(const IcmpView& view, const Ipv6Header& ip,
                                                   const Checksums& checksums);
  [[nodiscard]] std::size_t length() const;
  // Writes the first length() bytes of `out`, which must not overlap with what the body refers to. `ip` is the header
  // that goes before, its protocol and payload_length set.
  void emit(MutableBytes out, const Ipv6Header& ip, const Checksums& checksums) const;
  friend bool operator==(const Icmpv6Message&, const Icmpv6Message&) = default;
};

}  // namespace wp::wire
