// Ethernet II with at most one 802.1Q tag.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/wire/address.h"
#include "dataplane/wire/drop.h"
#include "dataplane/wire/field.h"

namespace wp::wire {

// Any other value is possible and means: not ours.
enum class EtherType : std::uint16_t {
  ipv4 = 0x0800,
  arp = 0x0806,
  vlan = 0x8100,
  ipv6 = 0x86dd,
  provider_vlan = 0x88a8,
};

namespace ethernet_field {
inline constexpr Field<MacAddress, 0> kDestination{};
inline constexpr Field<MacAddress, 6> kSource{};
inline constexpr Field<std::uint16_t, 12> kType{};
inline constexpr Field<std::uint16_t, 14> kTag{};         // with a tag only
inline constexpr Field<std::uint16_t, 16> kTaggedType{};  // with a tag only
inline constexpr std::size_t kLength = 14;
inline constexpr std::size_t kTaggedLength = 18;
}  // namespace ethernet_field

class EthernetView {
 public:
  // Refuses: truncated, not_ethernet_ii, stacked_vlan.
  [[nodiscard]] static Parsed<EthernetView> of(Bytes frame);

  [[nodiscard]] MacAddress destination() const { return ethernet_field::kDestination.get(untagged()); }
  [[nodiscard]] MacAddress source() const { return ethernet_field::kSource.get(untagged()); }
  [[nodiscard]] bool is_tagged() const { return tagged_; }
  // Priority, drop eligibility and VLAN of a tagged frame.
  [[nodiscard]] std::uint16_t tag() const {
    return ethernet_field::kTag.get(bytes_.first<ethernet_field::kTaggedLength>());
  }
  [[nodiscard]] EtherType type() const { return type_; }
  // All that follows, which on short frames is longer than the packet inside (padding to 60 bytes).
  [[nodiscard]] Bytes payload() const {
    return bytes_.subspan(tagged_ ? ethernet_field::kTaggedLength : ethernet_field::kLength);
  }

 private:
  EthernetView(Bytes frame, EtherType type, bool tagged) : bytes_(frame), type_(type), tagged_(tagged) {}
  [[nodiscard]] std::span<const std::byte, ethernet_field::kLength> untagged() const {
    return bytes_.first<ethernet_field::kLength>();
  }

  Bytes bytes_;
  EtherType type_;
  bool tagged_;
};

struct VlanTag {
  std::uint16_t id = 0;       // 12 bits; 0: a priority without a VLAN
  std::uint8_t priority = 0;  // 3 bits
  bool drop_eligible = false;

  friend bool operator==(const VlanTag&, const VlanTag&) = default;
};

struct EthernetHeader {
  MacAddress destination{};
  MacAddress source{};
  std::optional<VlanTag> vlan{};
  EtherType type = EtherType::ipv4;

  // Refuses: bad_source (a group).
  [[nodiscard]] static Parsed<EthernetHeader> parse(const EthernetView& view);
  [[nodiscard]] std::size_t length() const { return vlan ? ethernet_field::kTaggedLength : ethernet_field::kLength; }
  // Writes the first length() bytes of `out`.
  void emit(MutableBytes out) const;
  friend bool operator==(const EthernetHeader&, const EthernetHeader&) = default;
};

}  // namespace wp::wire
