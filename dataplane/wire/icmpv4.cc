#include "dataplane/wire/icmpv4.h"

#include "dataplane/base/assert.h"

namespace wp::wire {
namespace {

constexpr std::uint8_t kEchoReply = 0;
constexpr std::uint8_t kUnreachable = 3;
constexpr std::uint8_t kEchoRequest = 8;
constexpr std::uint8_t kHighestUnreachable = 15;  // RFC 1812, section 5.2.7.1
constexpr auto kTooBig = static_cast<std::uint8_t>(Icmpv4Unreachable::too_big);

IcmpParts parts_of(const IcmpEcho& echo) {
  return {.type = echo.is_reply ? kEchoReply : kEchoRequest,
          .word = std::uint32_t{echo.identifier} << 16U | echo.sequence,
          .body = echo.data};
}

IcmpParts parts_of(const IcmpUnreachable& unreachable) {
  WP_ASSERT(unreachable.code <= kHighestUnreachable && unreachable.code != kTooBig);
  return {.type = kUnreachable, .code = unreachable.code, .body = unreachable.quote};
}

IcmpParts parts_of(const IcmpTooBig& too_big) {
  WP_ASSERT(too_big.mtu <= 0xffff);
  return {.type = kUnreachable, .code = kTooBig, .word = too_big.mtu, .body = too_big.quote};
}

IcmpParts parts_of(const Icmpv4Message& message) {
  return std::visit([](const auto& body) { return parts_of(body); }, message.body);
}

}  // namespace

Parsed<Icmpv4Message> Icmpv4Message::parse(const IcmpView& view, const Checksums& checksums) {
  if (!checksums.sum(view.message()).is_complete()) return refuse(Drop::bad_checksum);
  const std::uint8_t type = view.type();
  const bool is_echo = type == kEchoRequest || type == kEchoReply;
  if (is_echo && view.code() == 0) {
    return Icmpv4Message{IcmpEcho{.is_reply = type == kEchoReply,
                                  .identifier = static_cast<std::uint16_t>(view.word() >> 16U),
                                  .sequence = static_cast<std::uint16_t>(view.word()),
                                  .data = view.body()}};
  }
  if (type != kUnreachable || view.code() > kHighestUnreachable) return refuse(Drop::unknown_icmp);
  if (view.code() != kTooBig) return Icmpv4Message{IcmpUnreachable{.code = view.code(), .quote = view.body()}};
  // RFC 1191, section 4: the MTU is the lower half of a word that was unused before; the upper one stays unused.
  return Icmpv4Message{IcmpTooBig{.mtu = view.word() & 0xffffU, .quote = view.body()}};
}

std::size_t Icmpv4Message::length() const {
  return icmp_field::kLength + parts_of(*this).body.size();
}

void Icmpv4Message::emit(MutableBytes out, const Checksums& checksums) const {
  emit_icmp(out, parts_of(*this), Sum(), checksums.sum);
}

}  // namespace wp::wire
