// Random values of every kind, each such that a host may send it.
#pragma once

#include <span>

#include "dataplane/base/rng.h"
#include "tests/unit/wire/dissect.h"

namespace wp::wire::test {

[[nodiscard]] MacAddress random_mac(Rng& rng);
[[nodiscard]] Ipv4Address random_ipv4(Rng& rng);
[[nodiscard]] Ipv6Address random_ipv6(Rng& rng);
[[nodiscard]] EthernetHeader random_ethernet(Rng& rng);
[[nodiscard]] ArpPacket random_arp(Rng& rng);
[[nodiscard]] Ipv4Header random_ipv4_header(Rng& rng);
[[nodiscard]] Ipv6Header random_ipv6_header(Rng& rng);
[[nodiscard]] TcpOptions random_options(Rng& rng);
[[nodiscard]] TcpHeader random_tcp(Rng& rng);
// Data and quotes are parts of `pool`.
[[nodiscard]] Icmpv4Message random_icmpv4(Rng& rng, Bytes pool);
// Sets in `ip` what the message asks of its header.
[[nodiscard]] Icmpv6Message random_icmpv6(Rng& rng, Bytes pool, Ipv6Header& ip);

// A frame of any kind, ready to be reassembled; its payloads are parts of `pool`, which holds at least 64 bytes.
[[nodiscard]] Dissection random_frame(Rng& rng, Bytes pool);

void fill(Rng& rng, std::span<std::byte> bytes);

}  // namespace wp::wire::test
