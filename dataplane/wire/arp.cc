#include "dataplane/wire/arp.h"

#include "dataplane/base/assert.h"
#include "dataplane/wire/ethernet.h"

namespace wp::wire {
namespace {

namespace field = arp_field;

constexpr std::uint16_t kEthernet = 1;
constexpr auto kIpv4 = static_cast<std::uint16_t>(EtherType::ipv4);

bool can_send(const MacAddress& mac, const Ipv4Address& ip) {
  return !mac.is_group() && !ip.is_multicast() && !ip.is_broadcast();
}

}  // namespace

Parsed<ArpView> ArpView::of(Bytes packet) {
  if (packet.size() < field::kLength) return refuse(Drop::truncated);
  const auto header = packet.first<field::kLength>();
  const bool ours = field::kHardware.get(header) == kEthernet && field::kProtocol.get(header) == kIpv4 &&
                    field::kHardwareLength.get(header) == sizeof(MacAddress) &&
                    field::kProtocolLength.get(header) == sizeof(Ipv4Address);
  if (!ours) return refuse(Drop::bad_arp);
  return ArpView(header);
}

Parsed<ArpPacket> ArpPacket::parse(const ArpView& view) {
  const ArpPacket packet{.operation = ArpOperation{view.operation()},
                         .sender_mac = view.sender_mac(),
                         .sender_ip = view.sender_ip(),
                         .target_mac = view.target_mac(),
                         .target_ip = view.target_ip()};
  if (packet.operation != ArpOperation::request && packet.operation != ArpOperation::reply) {
    return refuse(Drop::bad_arp);
  }
  if (!can_send(packet.sender_mac, packet.sender_ip)) return refuse(Drop::bad_source);
  return packet;
}

void ArpPacket::emit(MutableBytes out) const {
  WP_ASSERT(out.size() >= length());
  WP_ASSERT(can_send(sender_mac, sender_ip));
  const auto header = out.first<field::kLength>();
  field::kHardware.set(header, kEthernet);
  field::kProtocol.set(header, kIpv4);
  field::kHardwareLength.set(header, sizeof(MacAddress));
  field::kProtocolLength.set(header, sizeof(Ipv4Address));
  field::kOperation.set(header, static_cast<std::uint16_t>(operation));
  field::kSenderMac.set(header, sender_mac);
  field::kSenderIp.set(header, sender_ip);
  field::kTargetMac.set(header, target_mac);
  field::kTargetIp.set(header, target_ip);
}

}  // namespace wp::wire
