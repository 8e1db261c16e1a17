#include "dataplane/wire/ipv6.h"

#include "dataplane/base/assert.h"

namespace wp::wire {
namespace {

namespace field = ipv6_field;

constexpr std::uint32_t kVersion6 = 0x6000'0000;

}  // namespace

Parsed<Ipv6View> Ipv6View::of(Bytes packet) {
  if (packet.size() < field::kLength) return refuse(Drop::truncated);
  const auto fixed = packet.first<field::kLength>();
  if ((field::kVersionClassLabel.get(fixed) & 0xf000'0000U) != kVersion6) return refuse(Drop::bad_version);
  const std::size_t total_length = field::kLength + field::kPayloadLength.get(fixed);
  if (total_length > packet.size()) return refuse(Drop::truncated);
  packet = packet.first(total_length);
  const auto upper = walk_extensions(field::kNextHeader.get(fixed), packet.subspan(field::kLength));
  if (!upper) return refuse(upper.error());
  return Ipv6View(packet, *upper);
}

Parsed<Ipv6Header> Ipv6Header::parse(const Ipv6View& view) {
  const Ipv6Header header{.source = view.source(),
                          .destination = view.destination(),
                          .protocol = view.protocol(),
                          .hop_limit = view.hop_limit(),
                          .traffic_class = view.traffic_class(),
                          .payload_length = static_cast<std::uint16_t>(view.payload().size()),
                          .flow_label = view.flow_label()};
  if (header.source.is_multicast()) return refuse(Drop::bad_source);
  return header;
}

void Ipv6Header::emit(MutableBytes out) const {
  WP_ASSERT(out.size() >= length());
  WP_ASSERT(!source.is_multicast());
  WP_ASSERT(flow_label <= 0xf'ffffU);
  const auto header = out.first<field::kLength>();
  field::kVersionClassLabel.set(header, kVersion6 | std::uint32_t{traffic_class} << 20U | flow_label);
  field::kPayloadLength.set(header, payload_length);
  field::kNextHeader.set(header, static_cast<std::uint8_t>(protocol));
  field::kHopLimit.set(header, hop_limit);
  field::kSource.set(header, source);
  field::kDestination.set(header, destination);
}

}  // namespace wp::wire
