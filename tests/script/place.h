// Where the two ends of a script stand: 192.0.2.1 and 192.0.2.2, or 2001:db8::1 and 2001:db8::2. Connection N has the
// peer's port kPeerPort + N.
#pragma once

#include "dataplane/base/endpoint.h"

namespace wp::script {

using Family = Endpoint::Family;

inline constexpr std::uint16_t kSubjectPort = 80;
inline constexpr std::uint16_t kPeerPort = 40'000;

[[nodiscard]] inline Endpoint place(Family family, std::uint8_t host, std::uint16_t port) {
  if (family == Family::v4) return {.address = {192, 0, 2, host}, .port = port, .family = family};
  Endpoint made{.address = {0x20, 0x01, 0x0d, 0xb8}, .port = port, .family = family};
  made.address[15] = host;
  return made;
}

[[nodiscard]] inline Endpoint subject_at(Family family, std::uint16_t port) {
  return place(family, 1, port);
}
[[nodiscard]] inline Endpoint peer_at(Family family, std::uint16_t port) {
  return place(family, 2, port);
}

// By how much an IPv6 header is longer than an IPv4 one. Scripts speak of MTUs over IPv4; over IPv6 each is larger by
// this, so that the same segments go.
[[nodiscard]] constexpr std::uint32_t longer_header(Family family) {
  return family == Family::v6 ? 20 : 0;
}

}  // namespace wp::script
