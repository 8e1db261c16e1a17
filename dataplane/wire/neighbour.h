// Neighbour discovery (RFC 4861): who has an IPv6 address on the link.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/wire/address.h"
#include "dataplane/wire/icmp.h"
#include "dataplane/wire/ipv6.h"

namespace wp::wire {

// Both messages: the target's address, and one option of eight bytes that may follow.
inline constexpr std::size_t kNeighbourBody = 16;
inline constexpr std::size_t kLinkAddressOption = 8;

// RFC 4861, section 4.3.
struct NeighbourSolicitation {
  Ipv6Address target{};
  std::optional<MacAddress> source_link{};  // never from the unspecified address, which asks whether one is taken

  // Refuses: bad_neighbour, as section 7.1.1 says. `ip` is the packet's header.
  [[nodiscard]] static Parsed<NeighbourSolicitation> parse(const IcmpView& view, const Ipv6Header& ip);
  friend bool operator==(const NeighbourSolicitation&, const NeighbourSolicitation&) = default;
};

// RFC 4861, section 4.4.
struct NeighbourAdvertisement {
  Ipv6Address target{};
  bool is_router = false;
  bool is_solicited = false;  // never to a group
  bool overrides = false;     // what was known of the target's link address
  std::optional<MacAddress> target_link{};

  // Refuses: bad_neighbour, as section 7.1.2 says.
  [[nodiscard]] static Parsed<NeighbourAdvertisement> parse(const IcmpView& view, const Ipv6Header& ip);
  friend bool operator==(const NeighbourAdvertisement&, const NeighbourAdvertisement&) = default;
};

// A message's body in the form in which it is sent, before the fixed part of ICMP is put in front.
struct NeighbourBody {
  std::array<std::byte, kNeighbourBody + kLinkAddressOption> bytes{};
  std::size_t length = 0;
  std::uint32_t word = 0;

  [[nodiscard]] Bytes used() const { return Bytes(bytes).first(length); }
};

[[nodiscard]] NeighbourBody body_of(const NeighbourSolicitation& solicitation);
[[nodiscard]] NeighbourBody body_of(const NeighbourAdvertisement& advertisement);

// Whether the message may be sent under this header: what parse() of the other side would refuse is ours to avoid.
[[nodiscard]] bool fits(const NeighbourSolicitation& solicitation, const Ipv6Header& ip);
[[nodiscard]] bool fits(const NeighbourAdvertisement& advertisement, const Ipv6Header& ip);

}  // namespace wp::wire
