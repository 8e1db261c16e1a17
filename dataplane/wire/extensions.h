// The walk over IPv6 extension headers (RFC 8200, section 4) to the layer above.
#pragma once

#include <cstddef>

#include "dataplane/wire/drop.h"
#include "dataplane/wire/field.h"
#include "dataplane/wire/pseudo_header.h"

namespace wp::wire {

// Of one packet. RFC 8200 knows an order in which at most seven make sense; more are work for us and nothing else.
inline constexpr unsigned kMaxExtensions = 7;

struct UpperLayer {
  IpProtocol protocol = IpProtocol::none;  // or an extension that is not walked (ESP and AH are none of ours)
  std::size_t offset = 0;                  // where it begins, counted from the end of the fixed header
};

// Walks hop-by-hop options, routing headers without segments left, destination options, and fragment headers of packets
// that are whole. `first` is the fixed header's next-header field, `bytes` all behind the fixed header. Refuses:
// truncated, bad_extension, refused_option, source_routed, fragment, too_many_extensions. No ICMP parameter problem is
// sent for any: what comes here speaks TCP to us, and an answer would serve only those who scan.
[[nodiscard]] Parsed<UpperLayer> walk_extensions(std::uint8_t first, Bytes bytes);

}  // namespace wp::wire
