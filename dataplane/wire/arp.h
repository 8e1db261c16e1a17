// ARP for IPv4 over Ethernet (RFC 826).
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/wire/address.h"
#include "dataplane/wire/drop.h"
#include "dataplane/wire/field.h"

namespace wp::wire {

namespace arp_field {
inline constexpr Field<std::uint16_t, 0> kHardware{};
inline constexpr Field<std::uint16_t, 2> kProtocol{};
inline constexpr Field<std::uint8_t, 4> kHardwareLength{};
inline constexpr Field<std::uint8_t, 5> kProtocolLength{};
inline constexpr Field<std::uint16_t, 6> kOperation{};
inline constexpr Field<MacAddress, 8> kSenderMac{};
inline constexpr Field<Ipv4Address, 14> kSenderIp{};
inline constexpr Field<MacAddress, 18> kTargetMac{};
inline constexpr Field<Ipv4Address, 24> kTargetIp{};
inline constexpr std::size_t kLength = 28;
}  // namespace arp_field

class ArpView {
 public:
  // Refuses: truncated, bad_arp (other hardware, protocol or address lengths).
  [[nodiscard]] static Parsed<ArpView> of(Bytes packet);

  [[nodiscard]] std::uint16_t operation() const { return arp_field::kOperation.get(header_); }
  [[nodiscard]] MacAddress sender_mac() const { return arp_field::kSenderMac.get(header_); }
  [[nodiscard]] Ipv4Address sender_ip() const { return arp_field::kSenderIp.get(header_); }
  [[nodiscard]] MacAddress target_mac() const { return arp_field::kTargetMac.get(header_); }
  [[nodiscard]] Ipv4Address target_ip() const { return arp_field::kTargetIp.get(header_); }

 private:
  using Header = std::span<const std::byte, arp_field::kLength>;
  explicit ArpView(Header header) : header_(header) {}

  Header header_;
};

enum class ArpOperation : std::uint16_t { request = 1, reply = 2 };

struct ArpPacket {
  ArpOperation operation = ArpOperation::request;
  MacAddress sender_mac{};
  Ipv4Address sender_ip{};  // unspecified in a probe (RFC 5227)
  MacAddress target_mac{};  // of no meaning in a request
  Ipv4Address target_ip{};

  // Refuses: bad_arp (neither request nor reply), bad_source (a sender that is a group, or its address one: who
  // believed that would send a host's traffic to everybody).
  [[nodiscard]] static Parsed<ArpPacket> parse(const ArpView& view);
  [[nodiscard]] static constexpr std::size_t length() { return arp_field::kLength; }
  // Writes the first length() bytes of `out`.
  void emit(MutableBytes out) const;
  friend bool operator==(const ArpPacket&, const ArpPacket&) = default;
};

}  // namespace wp::wire
