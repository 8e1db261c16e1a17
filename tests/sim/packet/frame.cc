#include "tests/sim/packet/frame.h"

#include <algorithm>

#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"

namespace wp::sim::packet {
namespace {

using wire::Bytes;
using wire::Checksums;
using wire::IpProtocol;
using wire::Ipv4Address;
using wire::Ipv4Header;
using wire::Ipv4View;
using wire::Ipv6Address;
using wire::Ipv6Header;
using wire::Ipv6View;
using wire::MutableBytes;
using wire::TcpHeader;
using wire::TcpView;

const Checksums& checksums() {
  static const Checksums kChecking{.sum = wire::fastest_sum()};
  return kChecking;
}

template <class Ip, class Address>
std::vector<std::byte> make(const tcp::Flow& flow, const TcpHeader& header, Bytes payload) {
  Ip ip;
  std::copy_n(flow.local.address.begin(), sizeof(Address), ip.source.octets.begin());
  std::copy_n(flow.remote.address.begin(), sizeof(Address), ip.destination.octets.begin());
  ip.payload_length = static_cast<std::uint16_t>(header.length() + payload.size());
  std::vector<std::byte> packet(Ip::length() + ip.payload_length);
  const MutableBytes out(packet);
  if constexpr (std::is_same_v<Ip, Ipv4Header>) {
    ip.emit(out, checksums());
  } else {
    ip.emit(out);
  }
  const MutableBytes segment = out.subspan(Ip::length());
  std::ranges::copy(payload, segment.begin() + static_cast<std::ptrdiff_t>(header.length()));
  header.emit(segment, ip.pseudo_sum() + checksums().sum(payload), checksums());
  return packet;
}

template <class View, class Ip>
std::optional<Arrived> read(const View& view, const Ip& ip) {
  if (ip.protocol != IpProtocol::tcp) return std::nullopt;
  const auto segment = TcpView::of(view.payload());
  if (!segment) return std::nullopt;
  const auto header = TcpHeader::parse(*segment, ip.pseudo_sum(), checksums());
  if (!header) return std::nullopt;
  return Arrived{.flow = {.local = wire::endpoint(ip.destination, header->destination_port),
                          .remote = wire::endpoint(ip.source, header->source_port)},
                 .header = *header,
                 .payload = segment->payload()};
}

}  // namespace

std::vector<std::byte> make_packet(const tcp::Flow& flow, const TcpHeader& header, Bytes payload) {
  return flow.local.family == Endpoint::Family::v4 ? make<Ipv4Header, Ipv4Address>(flow, header, payload)
                                                   : make<Ipv6Header, Ipv6Address>(flow, header, payload);
}

std::optional<Arrived> read_packet(Bytes packet) {
  if (const auto view = Ipv4View::of(packet)) {
    const auto ip = Ipv4Header::parse(*view, checksums());
    return ip ? read(*view, *ip) : std::nullopt;
  }
  if (const auto view = Ipv6View::of(packet)) {
    const auto ip = Ipv6Header::parse(*view);
    return ip ? read(*view, *ip) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace wp::sim::packet
