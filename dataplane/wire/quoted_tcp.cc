#include "dataplane/wire/quoted_tcp.h"

#include "dataplane/wire/extensions.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"
#include "dataplane/wire/tcp.h"

namespace wp::wire {
namespace {

// Ports and sequence number: what eight bytes of TCP hold.
constexpr std::size_t kQuoted = 8;

template <class Address>
Parsed<QuotedTcp> read(const Address& source, const Address& destination, Bytes segment) {
  if (segment.size() < kQuoted) return refuse(Drop::bad_quote);
  const auto first = segment.first<kQuoted>();
  return QuotedTcp{.source = endpoint(source, tcp_field::kSourcePort.get(first)),
                   .destination = endpoint(destination, tcp_field::kDestinationPort.get(first)),
                   .sequence = SeqNumber(tcp_field::kSequence.get(first))};
}

// Ipv4View and Ipv6View would refuse a quote, which ends before its total length.
Parsed<QuotedTcp> parse_v4(Bytes quote) {
  namespace field = ipv4_field;
  if (quote.size() < field::kLength) return refuse(Drop::bad_quote);
  const auto fixed = quote.first<field::kLength>();
  const std::size_t header_length = std::size_t{field::kVersionAndLength.get(fixed) & 0x0fU} * 4;
  if (header_length < field::kLength || header_length > quote.size()) return refuse(Drop::bad_quote);
  if ((field::kFlagsAndOffset.get(fixed) & 0x1fffU) != 0) return refuse(Drop::fragment);
  if (IpProtocol{field::kProtocol.get(fixed)} != IpProtocol::tcp) return refuse(Drop::foreign_quote);
  return read(field::kSource.get(fixed), field::kDestination.get(fixed), quote.subspan(header_length));
}

Parsed<QuotedTcp> parse_v6(Bytes quote) {
  namespace field = ipv6_field;
  if (quote.size() < field::kLength) return refuse(Drop::bad_quote);
  const auto fixed = quote.first<field::kLength>();
  const Bytes rest = quote.subspan(field::kLength);
  const auto upper = walk_extensions(field::kNextHeader.get(fixed), rest);
  if (!upper) return refuse(upper.error() == Drop::fragment ? Drop::fragment : Drop::bad_quote);
  if (upper->protocol != IpProtocol::tcp) return refuse(Drop::foreign_quote);
  return read(field::kSource.get(fixed), field::kDestination.get(fixed), rest.subspan(upper->offset));
}

}  // namespace

Parsed<QuotedTcp> QuotedTcp::parse(Bytes quote) {
  if (quote.empty()) return refuse(Drop::bad_quote);
  switch (octet(quote, 0) >> 4U) {
    case 4: return parse_v4(quote);
    case 6: return parse_v6(quote);
    default: return refuse(Drop::bad_quote);
  }
}

}  // namespace wp::wire
