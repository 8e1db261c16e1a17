#include "dataplane/wire/ipv4.h"

#include "dataplane/base/assert.h"

namespace wp::wire {
namespace {

namespace field = ipv4_field;

constexpr std::uint8_t kVersion4 = 0x40;
constexpr std::uint16_t kDontFragment = 0x4000;

bool can_send(const Ipv4Address& address) {
  return !address.is_multicast() && !address.is_broadcast();
}

}  // namespace

Parsed<Ipv4View> Ipv4View::of(Bytes packet) {
  if (packet.size() < field::kLength) return refuse(Drop::truncated);
  const auto fixed = packet.first<field::kLength>();
  const std::uint8_t version_and_length = field::kVersionAndLength.get(fixed);
  if ((version_and_length & 0xf0U) != kVersion4) return refuse(Drop::bad_version);
  const std::size_t header_length = std::size_t{version_and_length & 0x0fU} * 4;
  if (header_length < field::kLength) return refuse(Drop::bad_header_length);
  const std::size_t total_length = field::kTotalLength.get(fixed);
  if (total_length < header_length) return refuse(Drop::bad_length);
  if (total_length > packet.size()) return refuse(Drop::truncated);
  return Ipv4View(packet.first(total_length));
}

// RFC 1122, section 3.2.1.2: "A host MUST verify the IP header checksum on every received datagram and silently discard
// every datagram that has a bad checksum." The header is too short for vectors to pay.
Parsed<Ipv4Header> Ipv4Header::parse(const Ipv4View& view, const Checksums& checksums) {
  if (!checksums.verified_by_device && !scalar_sum(view.header()).is_complete()) return refuse(Drop::bad_checksum);
  if (view.is_fragment()) return refuse(Drop::fragment);
  const Ipv4Header header{.source = view.source(),
                          .destination = view.destination(),
                          .protocol = view.protocol(),
                          .ttl = view.ttl(),
                          .traffic_class = view.traffic_class(),
                          .dont_fragment = view.dont_fragment(),
                          .identification = view.identification(),
                          .payload_length = static_cast<std::uint16_t>(view.payload().size())};
  if (!can_send(header.source)) return refuse(Drop::bad_source);
  return header;
}

void Ipv4Header::emit(MutableBytes out, const Checksums& checksums) const {
  WP_ASSERT(out.size() >= length());
  WP_ASSERT(can_send(source));
  WP_ASSERT(payload_length <= 0xffff - length());
  const auto header = out.first<field::kLength>();
  field::kVersionAndLength.set(header, kVersion4 | field::kLength / 4);
  field::kTrafficClass.set(header, traffic_class);
  field::kTotalLength.set(header, static_cast<std::uint16_t>(length() + payload_length));
  field::kIdentification.set(header, identification);
  field::kFlagsAndOffset.set(header, dont_fragment ? kDontFragment : std::uint16_t{0});
  field::kTtl.set(header, ttl);
  field::kProtocol.set(header, static_cast<std::uint8_t>(protocol));
  field::kChecksum.set(header, 0);
  field::kSource.set(header, source);
  field::kDestination.set(header, destination);
  if (!checksums.completed_by_device) field::kChecksum.set(header, scalar_sum(header).checksum());
}

}  // namespace wp::wire
