// The messages of ICMP for IPv4 (RFC 792) that a host that speaks TCP must act on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "dataplane/wire/icmp.h"

namespace wp::wire {

// Codes of IcmpUnreachable that TCP tells apart (RFC 1122, section 4.2.3.9). Fragmentation needed, 4, is an IcmpTooBig.
enum class Icmpv4Unreachable : std::uint8_t { net = 0, host = 1, protocol = 2, port = 3, too_big = 4 };

struct Icmpv4Message {
  std::variant<IcmpEcho, IcmpUnreachable, IcmpTooBig> body{};

  // Refuses: bad_checksum (always looked at: devices do not), unknown_icmp. A quote's own form is for QuotedTcp to
  // judge.
  [[nodiscard]] static Parsed<Icmpv4Message> parse(const IcmpView& view, const Checksums& checksums);
  [[nodiscard]] std::size_t length() const;
  // Writes the first length() bytes of `out`, which must not overlap with what the body refers to.
  void emit(MutableBytes out, const Checksums& checksums) const;
  friend bool operator==(const Icmpv4Message&, const Icmpv4Message&) = default;
};

}  // namespace wp::wire
