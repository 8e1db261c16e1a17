// Link and network addresses as values, in network order.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "dataplane/base/endpoint.h"

namespace wp::wire {

struct MacAddress {
  std::array<std::uint8_t, 6> octets{};

  // Multicast or broadcast: never a source (IEEE 802.3, 3.2.3: the first bit on the wire).
  [[nodiscard]] constexpr bool is_group() const { return (octets[0] & 1U) != 0; }
  friend constexpr bool operator==(const MacAddress&, const MacAddress&) = default;
};

inline constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

struct Ipv4Address {
  std::array<std::uint8_t, 4> octets{};

  [[nodiscard]] constexpr bool is_multicast() const { return (octets[0] & 0xf0U) == 0xe0U; }
  [[nodiscard]] constexpr bool is_broadcast() const { return *this == Ipv4Address{{255, 255, 255, 255}}; }
  [[nodiscard]] constexpr bool is_unspecified() const { return *this == Ipv4Address{}; }
  friend constexpr bool operator==(const Ipv4Address&, const Ipv4Address&) = default;
};

struct Ipv6Address {
  std::array<std::uint8_t, 16> octets{};

  [[nodiscard]] constexpr bool is_multicast() const { return octets[0] == 0xff; }
  [[nodiscard]] constexpr bool is_unspecified() const { return *this == Ipv6Address{}; }
  friend constexpr bool operator==(const Ipv6Address&, const Ipv6Address&) = default;
};

// The group in which the holder of `address` listens for solicitations (RFC 4291, section 2.7.1).
[[nodiscard]] constexpr Ipv6Address solicited_node(const Ipv6Address& address) {
  Ipv6Address group{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0}};
  std::copy_n(address.octets.begin() + 13, 3, group.octets.begin() + 13);
  return group;
}

[[nodiscard]] constexpr bool is_solicited_node(const Ipv6Address& address) {
  return address == solicited_node(address);
}

// The link address of an IPv6 group (RFC 2464, section 7).
[[nodiscard]] constexpr MacAddress multicast_mac(const Ipv6Address& group) {
  return {{0x33, 0x33, group.octets[12], group.octets[13], group.octets[14], group.octets[15]}};
}

[[nodiscard]] constexpr Endpoint endpoint(const Ipv4Address& address, std::uint16_t port) {
  Endpoint made{.port = port, .family = Endpoint::Family::v4};
  std::copy_n(address.octets.begin(), 4, made.address.begin());
  return made;
}

[[nodiscard]] constexpr Endpoint endpoint(const Ipv6Address& address, std::uint16_t port) {
  return {.address = address.octets, .port = port, .family = Endpoint::Family::v6};
}

}  // namespace wp::wire
