#include "tests/unit/wire/generate.h"

namespace wp::wire::test {
namespace {

template <class T>
T any(Rng& rng) {
  return static_cast<T>(rng.next());
}

bool coin(Rng& rng) {
  return rng.below(2) == 0;
}

template <class Address>
Address random_address(Rng& rng) {
  Address address;
  fill(rng, std::as_writable_bytes(std::span(address.octets)));
  return address;
}

Bytes some_of(Rng& rng, Bytes pool) {
  const std::size_t begin = rng.below(static_cast<std::uint32_t>(pool.size()));
  return pool.subspan(begin, rng.below(static_cast<std::uint32_t>(pool.size() - begin + 1)));
}

IcmpEcho random_echo(Rng& rng, Bytes pool) {
  return {.is_reply = coin(rng),
          .identifier = any<std::uint16_t>(rng),
          .sequence = any<std::uint16_t>(rng),
          .data = some_of(rng, pool)};
}

std::optional<MacAddress> perhaps_mac(Rng& rng) {
  return coin(rng) ? std::optional(random_mac(rng)) : std::nullopt;
}

}  // namespace

void fill(Rng& rng, std::span<std::byte> bytes) {
  for (std::byte& byte : bytes) byte = any<std::byte>(rng);
}

MacAddress random_mac(Rng& rng) {
  auto address = random_address<MacAddress>(rng);
  address.octets[0] &= 0xfe;
  return address;
}

Ipv4Address random_ipv4(Rng& rng) {
  auto address = random_address<Ipv4Address>(rng);
  if (address.octets[0] >= 224) address.octets[0] &= 0x7f;
  return address;
}

Ipv6Address random_ipv6(Rng& rng) {
  auto address = random_address<Ipv6Address>(rng);
  if (address.is_multicast()) address.octets[0] = 0x20;
  return address;
}

EthernetHeader random_ethernet(Rng& rng) {
  EthernetHeader header{.destination = random_address<MacAddress>(rng), .source = random_mac(rng)};
  header.type = EtherType{static_cast<std::uint16_t>(rng.between(0x9000, 0xffff))};
  if (coin(rng)) {
    header.vlan = VlanTag{.id = static_cast<std::uint16_t>(rng.below(0x1000)),
                          .priority = static_cast<std::uint8_t>(rng.below(8)),
                          .drop_eligible = coin(rng)};
  }
  return header;
}

ArpPacket random_arp(Rng& rng) {
  return {.operation = coin(rng) ? ArpOperation::request : ArpOperation::reply,
          .sender_mac = random_mac(rng),
          .sender_ip = random_ipv4(rng),
          .target_mac = random_address<MacAddress>(rng),
          .target_ip = random_address<Ipv4Address>(rng)};
}

Ipv4Header random_ipv4_header(Rng& rng) {
  return {.source = random_ipv4(rng),
          .destination = random_address<Ipv4Address>(rng),
          .protocol = IpProtocol{static_cast<std::uint8_t>(rng.between(100, 255))},
          .ttl = any<std::uint8_t>(rng),
          .traffic_class = any<std::uint8_t>(rng),
          .dont_fragment = coin(rng),
          .identification = any<std::uint16_t>(rng),
          .payload_length = static_cast<std::uint16_t>(rng.below(1500))};
}

Ipv6Header random_ipv6_header(Rng& rng) {
  return {.source = random_ipv6(rng),
          .destination = random_address<Ipv6Address>(rng),
          .protocol = IpProtocol{static_cast<std::uint8_t>(rng.between(100, 255))},
          .hop_limit = any<std::uint8_t>(rng),
          .traffic_class = any<std::uint8_t>(rng),
          .payload_length = static_cast<std::uint16_t>(rng.below(1500)),
          .flow_label = rng.below(1U << 20U)};
}

TcpOptions random_options(Rng& rng) {
  TcpOptions options;
  if (coin(rng)) options.mss = any<std::uint16_t>(rng);
  if (coin(rng)) options.window_scale = static_cast<std::uint8_t>(rng.below(15));
  options.sack_permitted = coin(rng);
  if (coin(rng)) options.timestamps = TcpTimestamps{.value = any<std::uint32_t>(rng), .echo = any<std::uint32_t>(rng)};
  if (coin(rng)) return options;
  for (std::uint32_t block = rng.below(5); block != 0; --block) {
    const std::size_t needs = (options.sacks.empty() ? 4U : 0U) + 8U;
    if (options.length() + needs > kMaxTcpOptions) break;
    options.sacks.push_back({SeqNumber(any<std::uint32_t>(rng)), SeqNumber(any<std::uint32_t>(rng))});
  }
  return options;
}

TcpHeader random_tcp(Rng& rng) {
  return {.source_port = any<std::uint16_t>(rng),
          .destination_port = any<std::uint16_t>(rng),
          .sequence = SeqNumber(any<std::uint32_t>(rng)),
          .acknowledgment = SeqNumber(any<std::uint32_t>(rng)),
          .flags = TcpFlags(any<std::uint8_t>(rng)),
          .window = any<std::uint16_t>(rng),
          .urgent_pointer = any<std::uint16_t>(rng),
          .options = random_options(rng)};
}

Icmpv4Message random_icmpv4(Rng& rng, Bytes pool) {
  switch (rng.below(3)) {
    case 0: return {random_echo(rng, pool)};
    case 1: return {IcmpTooBig{.mtu = rng.below(0x1'0000), .quote = some_of(rng, pool)}};
    default: {
      const auto code = static_cast<std::uint8_t>(rng.below(15));
      return {
          IcmpUnreachable{.code = static_cast<std::uint8_t>(code < 4 ? code : code + 1), .quote = some_of(rng, pool)}};
    }
  }
}

Icmpv6Message random_icmpv6(Rng& rng, Bytes pool, Ipv6Header& ip) {
  ip.protocol = IpProtocol::icmpv6;
  switch (rng.below(5)) {
    case 0: return {random_echo(rng, pool)};
    case 1: return {IcmpTooBig{.mtu = any<std::uint32_t>(rng), .quote = some_of(rng, pool)}};
    case 2: return {IcmpUnreachable{.code = static_cast<std::uint8_t>(rng.below(9)), .quote = some_of(rng, pool)}};
    case 3: {
      NeighbourSolicitation solicitation{.target = random_ipv6(rng), .source_link = perhaps_mac(rng)};
      ip.hop_limit = 255;
      ip.destination = solicited_node(solicitation.target);
      if (!solicitation.source_link && coin(rng)) ip.source = Ipv6Address{};
      return {solicitation};
    }
    default: {
      ip.hop_limit = 255;
      return {NeighbourAdvertisement{.target = random_ipv6(rng),
                                     .is_router = coin(rng),
                                     .is_solicited = !ip.destination.is_multicast() && coin(rng),
                                     .overrides = coin(rng),
                                     .target_link = perhaps_mac(rng)}};
    }
  }
}

Dissection random_frame(Rng& rng, Bytes pool) {
  Dissection frame;
  frame.ethernet = random_ethernet(rng);
  const std::uint32_t kind = rng.below(8);
  if (kind == 0) {
    frame.payload = some_of(rng, pool);
    return frame;
  }
  if (kind == 1) {
    frame.ethernet->type = EtherType::arp;
    frame.arp = random_arp(rng);
    return frame;
  }
  const bool v6 = kind % 2 == 0;
  frame.ethernet->type = v6 ? EtherType::ipv6 : EtherType::ipv4;
  if (v6) {
    frame.ipv6 = random_ipv6_header(rng);
  } else {
    frame.ipv4 = random_ipv4_header(rng);
  }
  if (kind < 4) {  // a protocol that nobody reads
    frame.payload = some_of(rng, pool);
  } else if (kind < 6) {
    (v6 ? frame.ipv6->protocol : frame.ipv4->protocol) = IpProtocol::tcp;
    frame.tcp = random_tcp(rng);
    frame.payload = some_of(rng, pool);
  } else if (v6) {
    frame.icmpv6 = random_icmpv6(rng, pool, *frame.ipv6);
  } else {
    frame.ipv4->protocol = IpProtocol::icmp;
    frame.icmpv4 = random_icmpv4(rng, pool);
  }
  return frame;
}

}  // namespace wp::wire::test
