// What the two SYNs agreed on.
#pragma once

#include <cstdint>

#include "dataplane/wire/tcp_options.h"

namespace wp::tcp {

// RFC 9293, section 3.7.1 (MUST-15): assumed of a peer that announces none, over IPv4 and over IPv6.
inline constexpr std::uint16_t kDefaultMss = 536;
inline constexpr std::uint16_t kDefaultMssV6 = 1220;
// Less makes a segment nearly all headers: a peer that asks for it gets this (Linux has the same floor, for the same
// reason: CVE-2019-11479).
inline constexpr std::uint16_t kLeastMss = 48 + 12;

struct Negotiated {
  std::uint16_t mss = kDefaultMss;  // what we send at most, options not counted
  std::uint8_t send_scale = 0;      // of the peer's window fields
  bool scale = false;
  bool timestamps = false;
  bool sack = false;
};

// `ours` is what our SYN offers (or, passively opened, would), `theirs` what the peer's SYN holds, `default_mss` what
// an MSS is that it does not name. An option counts when both have it (RFC 7323, sections 2.2 and 3.2; RFC 2018,
// section 2).
[[nodiscard]] Negotiated negotiate(const wire::TcpOptions& ours, const wire::TcpOptions& theirs,
                                   std::uint16_t default_mss);

}  // namespace wp::tcp
