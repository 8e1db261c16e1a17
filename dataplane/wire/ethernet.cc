#include "dataplane/wire/ethernet.h"

#include "dataplane/base/assert.h"

namespace wp::wire {
namespace {

namespace field = ethernet_field;

// Below this the field is the length of an 802.3 frame (IEEE 802.3, 3.2.6).
constexpr std::uint16_t kSmallestType = 0x0600;

bool is_tag(EtherType type) {
  return type == EtherType::vlan || type == EtherType::provider_vlan;
}

}  // namespace

Parsed<EthernetView> EthernetView::of(Bytes frame) {
  if (frame.size() < field::kLength) return refuse(Drop::truncated);
  std::uint16_t type = field::kType.get(frame.first<field::kLength>());
  const bool tagged = EtherType{type} == EtherType::vlan;
  if (tagged) {
    if (frame.size() < field::kTaggedLength) return refuse(Drop::truncated);
    type = field::kTaggedType.get(frame.first<field::kTaggedLength>());
  }
  if (is_tag(EtherType{type})) return refuse(Drop::stacked_vlan);
  if (type < kSmallestType) return refuse(Drop::not_ethernet_ii);
  return EthernetView(frame, EtherType{type}, tagged);
}

Parsed<EthernetHeader> EthernetHeader::parse(const EthernetView& view) {
  EthernetHeader header{.destination = view.destination(), .source = view.source(), .type = view.type()};
  if (header.source.is_group()) return refuse(Drop::bad_source);
  if (view.is_tagged()) {
    const std::uint16_t tag = view.tag();
    header.vlan = VlanTag{.id = static_cast<std::uint16_t>(tag & 0x0fffU),
                          .priority = static_cast<std::uint8_t>(tag >> 13U),
                          .drop_eligible = (tag & 0x1000U) != 0};
  }
  return header;
}

void EthernetHeader::emit(MutableBytes out) const {
  WP_ASSERT(out.size() >= length());
  WP_ASSERT(!source.is_group());
  WP_ASSERT(!is_tag(type) && static_cast<std::uint16_t>(type) >= kSmallestType);
  field::kDestination.set(out.first<field::kLength>(), destination);
  field::kSource.set(out.first<field::kLength>(), source);
  if (!vlan) {
    field::kType.set(out.first<field::kLength>(), static_cast<std::uint16_t>(type));
    return;
  }
  WP_ASSERT(vlan->id <= 0x0fff && vlan->priority <= 7);
  const unsigned tag = unsigned{vlan->priority} << 13U | (vlan->drop_eligible ? 0x1000U : 0U) | vlan->id;
  const auto header = out.first<field::kTaggedLength>();
  field::kType.set(header, static_cast<std::uint16_t>(EtherType::vlan));
  field::kTag.set(header, static_cast<std::uint16_t>(tag));
  field::kTaggedType.set(header, static_cast<std::uint16_t>(type));
}

}  // namespace wp::wire
