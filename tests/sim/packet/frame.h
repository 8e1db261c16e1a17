// Between TCP and the packets that the links carry: IP and TCP as they would be on a wire, so that checksums see every
// flipped bit.
#pragma once

#include <optional>
#include <vector>

#include "dataplane/tcp/flow.h"
#include "dataplane/wire/tcp.h"

namespace wp::sim::packet {

[[nodiscard]] std::vector<std::byte> make_packet(const tcp::Flow& flow, const wire::TcpHeader& header,
                                                 wire::Bytes payload);

// A TCP segment as its receiver sees it; `payload` is part of the packet.
struct Arrived {
  tcp::Flow flow{};
  wire::TcpHeader header{};
  wire::Bytes payload{};
};

// Nothing when any layer refuses it.
[[nodiscard]] std::optional<Arrived> read_packet(wire::Bytes packet);

}  // namespace wp::sim::packet
