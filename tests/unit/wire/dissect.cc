#include "tests/unit/wire/dissect.h"

#include <algorithm>

namespace wp::wire::test {
namespace {

// Takes the value out of what was parsed, or notes the drop.
template <class T>
bool keep(Dissection& into, std::optional<T>& place, const Parsed<T>& parsed) {
  if (parsed) {
    place = *parsed;
  } else {
    into.drop = parsed.error();
  }
  return parsed.has_value();
}

template <class T>
bool viewed(Dissection& into, const Parsed<T>& view) {
  if (!view) into.drop = view.error();
  return view.has_value();
}

void read_quote(Dissection& into, const auto& body) {
  if (const auto* unreachable = std::get_if<IcmpUnreachable>(&body)) into.quote = QuotedTcp::parse(unreachable->quote);
  if (const auto* too_big = std::get_if<IcmpTooBig>(&body)) into.quote = QuotedTcp::parse(too_big->quote);
}

void read_tcp(Dissection& into, Bytes segment, Sum pseudo, const Checksums& checksums) {
  const auto view = TcpView::of(segment);
  if (!viewed(into, view) || !keep(into, into.tcp, TcpHeader::parse(*view, pseudo, checksums))) return;
  into.payload = view->payload();
}

void read_ipv4(Dissection& into, Bytes packet, const Checksums& checksums) {
  const auto view = Ipv4View::of(packet);
  if (!viewed(into, view) || !keep(into, into.ipv4, Ipv4Header::parse(*view, checksums))) return;
  into.payload = view->payload();
  if (view->protocol() == IpProtocol::tcp) read_tcp(into, view->payload(), into.ipv4->pseudo_sum(), checksums);
  if (view->protocol() == IpProtocol::icmp) {
    const auto icmp = IcmpView::of(view->payload());
    if (!viewed(into, icmp) || !keep(into, into.icmpv4, Icmpv4Message::parse(*icmp, checksums))) return;
    read_quote(into, into.icmpv4->body);
  }
}

void read_ipv6(Dissection& into, Bytes packet, const Checksums& checksums) {
  const auto view = Ipv6View::of(packet);
  if (!viewed(into, view) || !keep(into, into.ipv6, Ipv6Header::parse(*view))) return;
  into.payload = view->payload();
  if (view->protocol() == IpProtocol::tcp) read_tcp(into, view->payload(), into.ipv6->pseudo_sum(), checksums);
  if (view->protocol() == IpProtocol::icmpv6) {
    const auto icmp = IcmpView::of(view->payload());
    if (!viewed(into, icmp) || !keep(into, into.icmpv6, Icmpv6Message::parse(*icmp, *into.ipv6, checksums))) return;
    read_quote(into, into.icmpv6->body);
  }
}

// How long the layer above IP becomes.
std::size_t upper_length(const Dissection& dissection) {
  if (dissection.tcp) return dissection.tcp->length() + dissection.payload.size();
  if (dissection.icmpv4) return dissection.icmpv4->length();
  if (dissection.icmpv6) return dissection.icmpv6->length();
  return dissection.payload.size();
}

void write_upper(const Dissection& from, MutableBytes out, Sum pseudo, const Checksums& checksums) {
  if (from.icmpv4) {
    from.icmpv4->emit(out, checksums);
  } else if (from.icmpv6) {
    from.icmpv6->emit(out, *from.ipv6, checksums);
  } else {
    const std::size_t header = from.tcp ? from.tcp->length() : 0;
    std::ranges::copy(from.payload, out.begin() + static_cast<std::ptrdiff_t>(header));
    if (from.tcp) from.tcp->emit(out, pseudo + checksums.sum(from.payload), checksums);
  }
}

}  // namespace

Dissection dissect(Bytes frame, const Checksums& checksums) {
  Dissection result;
  const auto view = EthernetView::of(frame);
  if (!viewed(result, view) || !keep(result, result.ethernet, EthernetHeader::parse(*view))) return result;
  result.payload = view->payload();
  if (view->type() == EtherType::arp) {
    const auto arp = ArpView::of(view->payload());
    if (viewed(result, arp)) keep(result, result.arp, ArpPacket::parse(*arp));
  }
  if (view->type() == EtherType::ipv4) read_ipv4(result, view->payload(), checksums);
  if (view->type() == EtherType::ipv6) read_ipv6(result, view->payload(), checksums);
  return result;
}

bool can_be_written(const Dissection& dissection) {
  return !dissection.drop && !(dissection.tcp && dissection.tcp->options.length() > kMaxTcpOptions);
}

std::vector<std::byte> reassemble(Dissection& dissection, const Checksums& checksums) {
  const std::size_t link = dissection.ethernet->length();
  if (dissection.arp) {
    std::vector<std::byte> frame(link + ArpPacket::length());
    dissection.ethernet->emit(frame);
    dissection.arp->emit(MutableBytes(frame).subspan(link));
    return frame;
  }
  const std::size_t network = dissection.ipv4 ? Ipv4Header::length() : dissection.ipv6 ? Ipv6Header::length() : 0;
  std::vector<std::byte> frame(link + network + upper_length(dissection));
  const MutableBytes packet = MutableBytes(frame).subspan(link);
  dissection.ethernet->emit(frame);
  Sum pseudo;
  if (dissection.ipv4) {
    dissection.ipv4->payload_length = static_cast<std::uint16_t>(upper_length(dissection));
    dissection.ipv4->emit(packet, checksums);
    pseudo = dissection.ipv4->pseudo_sum();
  }
  if (dissection.ipv6) {
    dissection.ipv6->payload_length = static_cast<std::uint16_t>(upper_length(dissection));
    dissection.ipv6->emit(packet);
    pseudo = dissection.ipv6->pseudo_sum();
  }
  write_upper(dissection, packet.subspan(network), pseudo, checksums);
  return frame;
}

bool same(const Dissection& a, const Dissection& b) {
  const bool headers = a.ethernet == b.ethernet && a.arp == b.arp && a.ipv4 == b.ipv4 && a.ipv6 == b.ipv6;
  const bool messages = a.icmpv4 == b.icmpv4 && a.icmpv6 == b.icmpv6 && a.tcp == b.tcp && a.quote == b.quote;
  // Behind ARP stands what the link put there, and behind ICMP nothing that is not in the message.
  const bool opaque = a.arp || a.icmpv4 || a.icmpv6;
  return headers && messages && (opaque || std::ranges::equal(a.payload, b.payload)) && a.drop == b.drop;
}

}  // namespace wp::wire::test
