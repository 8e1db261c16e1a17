#include "dataplane/wire/neighbour.h"

#include <algorithm>

namespace wp::wire {
namespace {

constexpr Field<Ipv6Address, 0> kTarget{};

constexpr Field<std::uint8_t, 0> kOptionKind{};
constexpr Field<std::uint8_t, 1> kOptionEights{};  // the option's length in units of eight bytes
constexpr Field<MacAddress, 2> kOptionMac{};
constexpr std::uint8_t kSourceLink = 1;
constexpr std::uint8_t kTargetLink = 2;

constexpr std::uint32_t kRouterFlag = 0x8000'0000;
constexpr std::uint32_t kSolicitedFlag = 0x4000'0000;
constexpr std::uint32_t kOverrideFlag = 0x2000'0000;

// No router has touched the packet, so whoever sent it is on this link (section 7.1.1: "The IP Hop Limit field has a
// value of 255, i.e., the packet could not possibly have been forwarded by a router").
constexpr std::uint8_t kUntouched = 255;

struct Common {
  Ipv6Address target;
  std::optional<MacAddress> link;
};

// What both messages check: target, and options up to the link address of kind `wanted`. Others "MUST be ignored", none
// may have length zero (sections 7.1.1 and 7.1.2).
Parsed<Common> parse_common(const IcmpView& view, const Ipv6Header& ip, std::uint8_t wanted) {
  Bytes body = view.body();
  if (ip.hop_limit != kUntouched || view.code() != 0 || body.size() < kNeighbourBody) {
    return refuse(Drop::bad_neighbour);
  }
  Common common{.target = kTarget.get(body.first<kNeighbourBody>()), .link = std::nullopt};
  if (common.target.is_multicast()) return refuse(Drop::bad_neighbour);
  body = body.subspan(kNeighbourBody);
  while (!body.empty()) {
    if (body.size() < kLinkAddressOption) return refuse(Drop::bad_neighbour);
    const auto option = body.first<kLinkAddressOption>();
    const std::size_t length = kLinkAddressOption * kOptionEights.get(option);
    if (length == 0 || length > body.size()) return refuse(Drop::bad_neighbour);
    if (kOptionKind.get(option) == wanted) {
      const MacAddress mac = kOptionMac.get(option);
      // RFC 2464, section 6: an Ethernet address takes one unit. A group's address would spread what is meant for one.
      if (length != kLinkAddressOption || mac.is_group()) return refuse(Drop::bad_neighbour);
      common.link = mac;
    }
    body = body.subspan(length);
  }
  return common;
}

NeighbourBody make_body(const Ipv6Address& target, const std::optional<MacAddress>& link, std::uint8_t kind) {
  NeighbourBody body{.length = kNeighbourBody};
  kTarget.set(MutableBytes(body.bytes).first<kNeighbourBody>(), target);
  if (link) {
    const auto option = MutableBytes(body.bytes).last<kLinkAddressOption>();
    kOptionKind.set(option, kind);
    kOptionEights.set(option, 1);
    kOptionMac.set(option, *link);
    body.length += kLinkAddressOption;
  }
  return body;
}

bool fits_common(const Ipv6Address& target, const std::optional<MacAddress>& link, const Ipv6Header& ip) {
  return ip.hop_limit == kUntouched && !target.is_multicast() && !(link && link->is_group());
}

}  // namespace

bool fits(const NeighbourSolicitation& solicitation, const Ipv6Header& ip) {
  if (!fits_common(solicitation.target, solicitation.source_link, ip)) return false;
  return !ip.source.is_unspecified() || (is_solicited_node(ip.destination) && !solicitation.source_link);
}

bool fits(const NeighbourAdvertisement& advertisement, const Ipv6Header& ip) {
  if (!fits_common(advertisement.target, advertisement.target_link, ip)) return false;
  return !ip.destination.is_multicast() || !advertisement.is_solicited;
}

Parsed<NeighbourSolicitation> NeighbourSolicitation::parse(const IcmpView& view, const Ipv6Header& ip) {
  const auto common = parse_common(view, ip, kSourceLink);
  if (!common) return refuse(common.error());
  const NeighbourSolicitation solicitation{.target = common->target, .source_link = common->link};
  if (!fits(solicitation, ip)) return refuse(Drop::bad_neighbour);
  return solicitation;
}

Parsed<NeighbourAdvertisement> NeighbourAdvertisement::parse(const IcmpView& view, const Ipv6Header& ip) {
  const auto common = parse_common(view, ip, kTargetLink);
  if (!common) return refuse(common.error());
  const NeighbourAdvertisement advertisement{.target = common->target,
                                             .is_router = (view.word() & kRouterFlag) != 0,
                                             .is_solicited = (view.word() & kSolicitedFlag) != 0,
                                             .overrides = (view.word() & kOverrideFlag) != 0,
                                             .target_link = common->link};
  if (!fits(advertisement, ip)) return refuse(Drop::bad_neighbour);
  return advertisement;
}

NeighbourBody body_of(const NeighbourSolicitation& solicitation) {
  return make_body(solicitation.target, solicitation.source_link, kSourceLink);
}

NeighbourBody body_of(const NeighbourAdvertisement& advertisement) {
  NeighbourBody body = make_body(advertisement.target, advertisement.target_link, kTargetLink);
  body.word = (advertisement.is_router ? kRouterFlag : 0) | (advertisement.is_solicited ? kSolicitedFlag : 0) |
              (advertisement.overrides ? kOverrideFlag : 0);
  return body;
}

}  // namespace wp::wire
