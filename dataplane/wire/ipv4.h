// IPv4 (RFC 791) as an end host reads it: options are skipped, fragments refused.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/wire/address.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/drop.h"
#include "dataplane/wire/field.h"
#include "dataplane/wire/pseudo_header.h"

namespace wp::wire {

namespace ipv4_field {
inline constexpr Field<std::uint8_t, 0> kVersionAndLength{};
inline constexpr Field<std::uint8_t, 1> kTrafficClass{};
inline constexpr Field<std::uint16_t, 2> kTotalLength{};
inline constexpr Field<std::uint16_t, 4> kIdentification{};
inline constexpr Field<std::uint16_t, 6> kFlagsAndOffset{};
inline constexpr Field<std::uint8_t, 8> kTtl{};
inline constexpr Field<std::uint8_t, 9> kProtocol{};
inline constexpr Field<std::uint16_t, 10> kChecksum{};
inline constexpr Field<Ipv4Address, 12> kSource{};
inline constexpr Field<Ipv4Address, 16> kDestination{};
inline constexpr std::size_t kLength = 20;
}  // namespace ipv4_field

class Ipv4View {
 public:
  // Refuses: truncated, bad_version, bad_header_length, bad_length. Bytes behind the total length are padding of the
  // link and are left out.
  [[nodiscard]] static Parsed<Ipv4View> of(Bytes packet);

  [[nodiscard]] std::size_t header_length() const {
    return std::size_t{ipv4_field::kVersionAndLength.get(fixed()) & 0x0fU} * 4;
  }
  [[nodiscard]] std::uint8_t traffic_class() const { return ipv4_field::kTrafficClass.get(fixed()); }
  [[nodiscard]] std::uint16_t identification() const { return ipv4_field::kIdentification.get(fixed()); }
  [[nodiscard]] bool dont_fragment() const { return (ipv4_field::kFlagsAndOffset.get(fixed()) & 0x4000U) != 0; }
  // More fragments to come, or some before this one.
  [[nodiscard]] bool is_fragment() const { return (ipv4_field::kFlagsAndOffset.get(fixed()) & 0x3fffU) != 0; }
  [[nodiscard]] std::uint8_t ttl() const { return ipv4_field::kTtl.get(fixed()); }
  [[nodiscard]] IpProtocol protocol() const { return IpProtocol{ipv4_field::kProtocol.get(fixed())}; }
  [[nodiscard]] Ipv4Address source() const { return ipv4_field::kSource.get(fixed()); }
  [[nodiscard]] Ipv4Address destination() const { return ipv4_field::kDestination.get(fixed()); }
  // The header with its options.
  [[nodiscard]] Bytes header() const { return packet_.first(header_length()); }
  [[nodiscard]] Bytes payload() const { return packet_.subspan(header_length()); }

 private:
  explicit Ipv4View(Bytes packet) : packet_(packet) {}
  [[nodiscard]] std::span<const std::byte, ipv4_field::kLength> fixed() const {
    return packet_.first<ipv4_field::kLength>();
  }

  Bytes packet_;
};

struct Ipv4Header {
  Ipv4Address source{};
  Ipv4Address destination{};
  IpProtocol protocol = IpProtocol::tcp;
  std::uint8_t ttl = 64;
  std::uint8_t traffic_class = 0;  // DSCP (6 bits) and ECN (2)
  bool dont_fragment = true;
  std::uint16_t identification = 0;  // of no meaning where fragmenting is forbidden (RFC 6864)
  std::uint16_t payload_length = 0;  // bytes behind the header

  // Refuses: bad_checksum, bad_source (multicast or broadcast: RFC 1122, section 3.2.1.3), fragment.
  [[nodiscard]] static Parsed<Ipv4Header> parse(const Ipv4View& view, const Checksums& checksums);
  // Without options: none are sent.
  [[nodiscard]] static constexpr std::size_t length() { return ipv4_field::kLength; }
  // Writes the first length() bytes of `out`.
  void emit(MutableBytes out, const Checksums& checksums) const;
  [[nodiscard]] Sum pseudo_sum() const { return wire::pseudo_sum(source, destination, protocol, payload_length); }
  friend bool operator==(const Ipv4Header&, const Ipv4Header&) = default;
};

}  // namespace wp::wire
