// IPv6 (RFC 8200) as an end host reads it: extension headers are walked, fragments refused.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/wire/address.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/drop.h"
#include "dataplane/wire/extensions.h"
#include "dataplane/wire/field.h"
#include "dataplane/wire/pseudo_header.h"

namespace wp::wire {

namespace ipv6_field {
inline constexpr Field<std::uint32_t, 0> kVersionClassLabel{};  // 4, 8 and 20 bits
inline constexpr Field<std::uint16_t, 4> kPayloadLength{};
inline constexpr Field<std::uint8_t, 6> kNextHeader{};
inline constexpr Field<std::uint8_t, 7> kHopLimit{};
inline constexpr Field<Ipv6Address, 8> kSource{};
inline constexpr Field<Ipv6Address, 24> kDestination{};
inline constexpr std::size_t kLength = 40;
}  // namespace ipv6_field

class Ipv6View {
 public:
  // Refuses: truncated, bad_version, and what walk_extensions() does. A jumbogram (RFC 2675) declares a payload of no
  // bytes and so is truncated. Bytes behind the payload's length are padding of the link and are left out.
  [[nodiscard]] static Parsed<Ipv6View> of(Bytes packet);

  [[nodiscard]] std::uint8_t traffic_class() const {
    return static_cast<std::uint8_t>(ipv6_field::kVersionClassLabel.get(fixed()) >> 20U);
  }
  [[nodiscard]] std::uint32_t flow_label() const { return ipv6_field::kVersionClassLabel.get(fixed()) & 0xf'ffffU; }
  [[nodiscard]] std::uint8_t hop_limit() const { return ipv6_field::kHopLimit.get(fixed()); }
  [[nodiscard]] Ipv6Address source() const { return ipv6_field::kSource.get(fixed()); }
  [[nodiscard]] Ipv6Address destination() const { return ipv6_field::kDestination.get(fixed()); }
  // What follows the extension headers, and where in the packet.
  [[nodiscard]] IpProtocol protocol() const { return upper_.protocol; }
  [[nodiscard]] std::size_t header_length() const { return ipv6_field::kLength + upper_.offset; }
  [[nodiscard]] Bytes payload() const { return packet_.subspan(header_length()); }

 private:
  Ipv6View(Bytes packet, UpperLayer upper) : packet_(packet), upper_(upper) {}
  [[nodiscard]] std::span<const std::byte, ipv6_field::kLength> fixed() const {
    return packet_.first<ipv6_field::kLength>();
  }

  Bytes packet_;
  UpperLayer upper_;
};

struct Ipv6Header {
  Ipv6Address source{};
  Ipv6Address destination{};
  IpProtocol protocol = IpProtocol::tcp;
  std::uint8_t hop_limit = 64;
  std::uint8_t traffic_class = 0;    // DSCP (6 bits) and ECN (2)
  std::uint16_t payload_length = 0;  // bytes behind the extension headers
  std::uint32_t flow_label = 0;      // 20 bits

  // Refuses: bad_source (multicast: RFC 4291, section 2.7). There is no checksum to look at.
  [[nodiscard]] static Parsed<Ipv6Header> parse(const Ipv6View& view);
  // Without extension headers: none are sent.
  [[nodiscard]] static constexpr std::size_t length() { return ipv6_field::kLength; }
  // Writes the first length() bytes of `out`.
  void emit(MutableBytes out) const;
  [[nodiscard]] Sum pseudo_sum() const { return wire::pseudo_sum(source, destination, protocol, payload_length); }
  friend bool operator==(const Ipv6Header&, const Ipv6Header&) = default;
};

}  // namespace wp::wire
