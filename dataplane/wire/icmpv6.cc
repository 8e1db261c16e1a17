#include "dataplane/wire/icmpv6.h"

#include "dataplane/base/assert.h"

namespace wp::wire {
namespace {

constexpr std::uint8_t kUnreachable = 1;
constexpr std::uint8_t kTooBig = 2;
constexpr std::uint8_t kEchoRequest = 128;
constexpr std::uint8_t kEchoReply = 129;
constexpr std::uint8_t kSolicitation = 135;
constexpr std::uint8_t kAdvertisement = 136;
constexpr std::uint8_t kHighestUnreachable = 8;  // RFC 8883, section 3: the last assigned

// Of messages whose body lies elsewhere.
IcmpParts parts_of(const IcmpEcho& echo) {
  return {.type = echo.is_reply ? kEchoReply : kEchoRequest,
          .word = std::uint32_t{echo.identifier} << 16U | echo.sequence,
          .body = echo.data};
}

IcmpParts parts_of(const IcmpUnreachable& unreachable) {
  WP_ASSERT(unreachable.code <= kHighestUnreachable);
  return {.type = kUnreachable, .code = unreachable.code, .body = unreachable.quote};
}

IcmpParts parts_of(const IcmpTooBig& too_big) {
  return {.type = kTooBig, .word = too_big.mtu, .body = too_big.quote};
}

constexpr std::uint8_t type_of(const NeighbourSolicitation& /*unused*/) {
  return kSolicitation;
}
constexpr std::uint8_t type_of(const NeighbourAdvertisement& /*unused*/) {
  return kAdvertisement;
}

template <class T>
constexpr bool kIsNeighbour = std::is_same_v<T, NeighbourSolicitation> || std::is_same_v<T, NeighbourAdvertisement>;

Parsed<Icmpv6Message> made(const auto& message) {
  if (!message) return refuse(message.error());
  return Icmpv6Message{*message};
}

}  // namespace

Parsed<Icmpv6Message> Icmpv6Message::parse(const IcmpView& view, const Ipv6Header& ip, const Checksums& checksums) {
  if (!(ip.pseudo_sum() + checksums.sum(view.message())).is_complete()) return refuse(Drop::bad_checksum);
  switch (view.type()) {
    case kUnreachable:
      if (view.code() > kHighestUnreachable) break;
      return Icmpv6Message{IcmpUnreachable{.code = view.code(), .quote = view.body()}};
    // RFC 4443, section 3.2: the code is "ignored by the receiver".
    case kTooBig: return Icmpv6Message{IcmpTooBig{.mtu = view.word(), .quote = view.body()}};
    case kEchoRequest:
    case kEchoReply:
      if (view.code() != 0) break;
      return Icmpv6Message{IcmpEcho{.is_reply = view.type() == kEchoReply,
                                    .identifier = static_cast<std::uint16_t>(view.word() >> 16U),
                                    .sequence = static_cast<std::uint16_t>(view.word()),
                                    .data = view.body()}};
    case kSolicitation: return made(NeighbourSolicitation::parse(view, ip));
    case kAdvertisement: return made(NeighbourAdvertisement::parse(view, ip));
    default: break;
  }
  return refuse(Drop::unknown_icmp);
}

std::size_t Icmpv6Message::length() const {
  return std::visit(
      []<class T>(const T& message) {
        if constexpr (kIsNeighbour<T>) {
          return icmp_field::kLength + body_of(message).length;
        } else {
          return icmp_field::kLength + parts_of(message).body.size();
        }
      },
      body);
}

void Icmpv6Message::emit(MutableBytes out, const Ipv6Header& ip, const Checksums& checksums) const {
  WP_ASSERT(ip.protocol == IpProtocol::icmpv6);
  WP_ASSERT(ip.payload_length == length());
  std::visit(
      [&]<class T>(const T& message) {
        if constexpr (kIsNeighbour<T>) {
          WP_ASSERT(fits(message, ip));
          const NeighbourBody written = body_of(message);
          const IcmpParts parts{.type = type_of(message), .word = written.word, .body = written.used()};
          emit_icmp(out, parts, ip.pseudo_sum(), checksums.sum);
        } else {
          emit_icmp(out, parts_of(message), ip.pseudo_sum(), checksums.sum);
        }
      },
      body);
}

}  // namespace wp::wire
