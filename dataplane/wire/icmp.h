// What ICMP for IPv4 (RFC 792) and for IPv6 (RFC 4443) have in common: the shape of a message, and three of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dataplane/wire/checksum.h"
#include "dataplane/wire/drop.h"
#include "dataplane/wire/field.h"

namespace wp::wire {

namespace icmp_field {
inline constexpr Field<std::uint8_t, 0> kType{};
inline constexpr Field<std::uint8_t, 1> kCode{};
inline constexpr Field<std::uint16_t, 2> kChecksum{};
inline constexpr Field<std::uint32_t, 4> kWord{};  // what it holds depends on the type
inline constexpr std::size_t kLength = 8;
}  // namespace icmp_field

class IcmpView {
 public:
  // Refuses: truncated. No message that is read here is shorter than eight bytes.
  [[nodiscard]] static Parsed<IcmpView> of(Bytes message);

  [[nodiscard]] std::uint8_t type() const { return icmp_field::kType.get(fixed()); }
  [[nodiscard]] std::uint8_t code() const { return icmp_field::kCode.get(fixed()); }
  [[nodiscard]] std::uint32_t word() const { return icmp_field::kWord.get(fixed()); }
  [[nodiscard]] Bytes body() const { return message_.subspan(icmp_field::kLength); }
  [[nodiscard]] Bytes message() const { return message_; }

 private:
  explicit IcmpView(Bytes message) : message_(message) {}
  [[nodiscard]] std::span<const std::byte, icmp_field::kLength> fixed() const {
    return message_.first<icmp_field::kLength>();
  }

  Bytes message_;
};

struct IcmpEcho {
  bool is_reply = false;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  Bytes data{};  // to be sent back as it came

  friend bool operator==(const IcmpEcho& a, const IcmpEcho& b) {
    return a.is_reply == b.is_reply && a.identifier == b.identifier && a.sequence == b.sequence &&
           std::ranges::equal(a.data, b.data);
  }
};

// Destination unreachable, for any reason but a packet's size.
struct IcmpUnreachable {
  std::uint8_t code = 0;  // the two protocols number their reasons each in its own way
  Bytes quote{};          // the beginning of the packet this is about: see QuotedTcp

  friend bool operator==(const IcmpUnreachable& a, const IcmpUnreachable& b) {
    return a.code == b.code && std::ranges::equal(a.quote, b.quote);
  }
};

// Fragmentation needed (IPv4) or packet too big (IPv6).
struct IcmpTooBig {
  std::uint32_t mtu = 0;  // of the link ahead, bytes of IP; 0 from routers older than RFC 1191
  Bytes quote{};

  friend bool operator==(const IcmpTooBig& a, const IcmpTooBig& b) {
    return a.mtu == b.mtu && std::ranges::equal(a.quote, b.quote);
  }
};

// The parts of a message to be written; `body` may be empty.
struct IcmpParts {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t word = 0;
  Bytes body{};
};

// Writes the first 8 + body bytes of `out`, checksum included: devices leave ICMP's to us. The body must not overlap.
void emit_icmp(MutableBytes out, const IcmpParts& parts, Sum pseudo, SumFunction sum);

}  // namespace wp::wire
