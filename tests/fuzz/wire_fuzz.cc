// Frames, and the parts that a frame's checksum or length would hide: the first byte picks which, the rest is it.
// Beyond not crashing: what is read can be written and reads the same again, and both ways to add up agree.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dataplane/base/assert.h"
#include "tests/unit/wire/dissect.h"
#include "tests/unit/wire/exact.h"

namespace wp::wire {
namespace {

using test::Exact;

void check_frame(Bytes frame) {
  static const Checksums checking{.sum = fastest_sum()};
  test::Dissection trusted = test::dissect(frame, {.verified_by_device = true});
  const test::Dissection checked = test::dissect(frame, checking);
  WP_ASSERT(test::same(test::dissect(frame, {}), checked));
  if (!checked.drop) WP_ASSERT(test::same(checked, trusted));
  if (!test::can_be_written(trusted)) return;
  const Exact again(test::reassemble(trusted, checking));
  WP_ASSERT(test::same(test::dissect(again.bytes(), checking), trusted));
}

// A message in a packet, its checksum made right: else hardly any would be read.
void check_icmp(Exact& message, bool v6) {
  if (message.bytes().size() < icmp_field::kLength || message.bytes().size() > 2000) return;
  test::Dissection packet{.ethernet = EthernetHeader{.type = v6 ? EtherType::ipv6 : EtherType::ipv4}};
  Sum pseudo;
  packet.payload = message.bytes();
  if (v6) {
    packet.ipv6 = Ipv6Header{.source = {{0x20}}, .protocol = IpProtocol::icmpv6, .hop_limit = 255};
    packet.ipv6->payload_length = static_cast<std::uint16_t>(message.bytes().size());
    pseudo = packet.ipv6->pseudo_sum();
  } else {
    packet.ipv4 = Ipv4Header{.protocol = IpProtocol::icmp};
  }
  const auto fixed = message.out().first<icmp_field::kLength>();
  icmp_field::kChecksum.set(fixed, 0);
  icmp_field::kChecksum.set(fixed, (pseudo + scalar_sum(message.bytes())).checksum());
  const Exact frame(test::reassemble(packet, {}));
  check_frame(frame.bytes());
}

void check_options(Bytes bytes) {
  const auto options = TcpOptions::parse(bytes.first(std::min(bytes.size(), kMaxTcpOptions)));
  if (!options || options->length() > kMaxTcpOptions) return;
  const Exact again = test::emitted(*options);
  WP_ASSERT(TcpOptions::parse(again.bytes()) == *options);
}

void check(std::uint8_t part, Exact& rest) {
  switch (part % 5) {
    case 0: check_frame(rest.bytes()); break;
    case 1: check_icmp(rest, false); break;
    case 2: check_icmp(rest, true); break;
    case 3: check_options(rest.bytes()); break;
    default: static_cast<void>(QuotedTcp::parse(rest.bytes())); break;
  }
}

}  // namespace
}  // namespace wp::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  wp::wire::test::Exact rest(wp::wire::Bytes(reinterpret_cast<const std::byte*>(data) + 1, size - 1));
  wp::wire::check(data[0], rest);
  return 0;
}
