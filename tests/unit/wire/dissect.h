// A whole frame, layer by layer, and back: what tests and the fuzzer hold every packet to.
#pragma once

#include <optional>
#include <vector>

#include "dataplane/wire/arp.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/icmpv4.h"
#include "dataplane/wire/icmpv6.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"
#include "dataplane/wire/quoted_tcp.h"
#include "dataplane/wire/tcp.h"

namespace wp::wire::test {

struct Dissection {
  std::optional<EthernetHeader> ethernet{};
  std::optional<ArpPacket> arp{};
  std::optional<Ipv4Header> ipv4{};
  std::optional<Ipv6Header> ipv6{};
  std::optional<Icmpv4Message> icmpv4{};
  std::optional<Icmpv6Message> icmpv6{};
  std::optional<TcpHeader> tcp{};
  std::optional<Parsed<QuotedTcp>> quote{};  // of an ICMP error
  Bytes payload{};                           // of TCP, or of the innermost layer that is not read further
  std::optional<Drop> drop{};                // the first; what lies above it was read
};

// Everything in it refers to `frame`.
[[nodiscard]] Dissection dissect(Bytes frame, const Checksums& checksums);

// The frame that the values make: payload lengths of IP are set anew, for options may take another place than they did.
// Of a dissection without a drop.
[[nodiscard]] std::vector<std::byte> reassemble(Dissection& dissection, const Checksums& checksums);

// Of what was read, what can be written: options that came in a tighter form than ours may not fit.
[[nodiscard]] bool can_be_written(const Dissection& dissection);

[[nodiscard]] bool same(const Dissection& a, const Dissection& b);

}  // namespace wp::wire::test
