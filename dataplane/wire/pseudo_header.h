// The protocols above IP, and what their checksums cover of IP's header.
#pragma once

#include <cstdint>

#include "dataplane/wire/address.h"
#include "dataplane/wire/checksum.h"

namespace wp::wire {

// The protocol field of IPv4 and the last next-header field of IPv6. Any other value is possible and means: not ours.
enum class IpProtocol : std::uint8_t { icmp = 1, tcp = 6, udp = 17, icmpv6 = 58, none = 59 };

// RFC 9293, section 3.1: addresses, protocol, and the upper layer's length (header and payload, bytes).
[[nodiscard]] inline Sum pseudo_sum(const Ipv4Address& source, const Ipv4Address& destination, IpProtocol protocol,
                                    std::uint16_t length) {
  return field_sum(source.octets) + field_sum(destination.octets) + Sum(static_cast<std::uint16_t>(protocol)) +
         Sum(length);
}

// RFC 8200, section 8.1: the same, with a length of 32 bits. The destination is the final one, which it always is here:
// a routing header with segments left is refused.
[[nodiscard]] inline Sum pseudo_sum(const Ipv6Address& source, const Ipv6Address& destination, IpProtocol protocol,
                                    std::uint32_t length) {
  return field_sum(source.octets) + field_sum(destination.octets) + Sum(static_cast<std::uint16_t>(protocol)) +
         Sum::folded(length);
}

}  // namespace wp::wire
