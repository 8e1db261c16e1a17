// The one list of why a packet is dropped while its headers are read: the enum, the counter's label and the
// documentation's table all come from WP_WIRE_DROPS; nothing else names a drop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

namespace wp::wire {

// clang-format off
#define WP_WIRE_DROPS(X) \
  X(truncated,           "the packet ends before what its headers declare") \
  X(bad_version,         "the IP version is not the one that the layer below announced") \
  X(bad_header_length,   "a header's own length is shorter than its fixed part") \
  X(bad_length,          "a packet's total length is shorter than its header") \
  X(bad_checksum,        "a checksum does not match") \
  X(bad_source,          "a source address that no single host can have") \
  X(not_ethernet_ii,     "an 802.3 length stands where the EtherType should") \
  X(stacked_vlan,        "more than one VLAN tag, or a provider's tag") \
  X(bad_arp,             "not a request or reply about IPv4 over Ethernet") \
  X(fragment,            "a fragment; nothing is reassembled here") \
  X(source_routed,       "an IPv6 routing header with segments left") \
  X(refused_option,      "an unknown IPv6 option that forbids to skip it") \
  X(bad_extension,       "an IPv6 extension header is misplaced or its options are malformed") \
  X(too_many_extensions, "more IPv6 extension headers than the limit") \
  X(unknown_icmp,        "an ICMP type or code that nothing here acts on") \
  X(bad_quote,           "an ICMP error quotes too little of the packet it is about") \
  X(foreign_quote,       "an ICMP error about something other than TCP") \
  X(bad_neighbour,       "neighbour discovery that RFC 4861, section 7.1 says to discard") \
  X(bad_tcp_option,      "a TCP option has an illegal length")
// clang-format on

enum class Drop : std::uint8_t {
#define WP_ENUM(name, text) name,
  WP_WIRE_DROPS(WP_ENUM)
#undef WP_ENUM
};

#define WP_COUNT(...) +1
inline constexpr std::size_t kDropCount = 0 WP_WIRE_DROPS(WP_COUNT);
#undef WP_COUNT

struct DropInfo {
  std::string_view word;
  std::string_view text;
};

// Every drop in order, for exposition and documentation.
[[nodiscard]] const std::array<DropInfo, kDropCount>& all_drops();

[[nodiscard]] std::string_view word(Drop drop);

// What reading a packet gives. A drop is the peer's doing (or the path's) and never ours, so it carries no blame.
template <class T>
using Parsed = std::expected<T, Drop>;

[[nodiscard]] constexpr std::unexpected<Drop> refuse(Drop drop) {
  return std::unexpected<Drop>(drop);
}

}  // namespace wp::wire
