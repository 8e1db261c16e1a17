// Which of our connections an ICMP error is about.
#pragma once

#include "dataplane/base/endpoint.h"
#include "dataplane/wire/drop.h"
#include "dataplane/wire/field.h"
#include "dataplane/wire/seq.h"

namespace wp::wire {

// The beginning of a TCP segment that we sent, as an ICMP error gives it back. Everybody can send such an error: the
// connection must find `sequence` among what it has in flight before it believes any (RFC 5927, section 4.1).
struct QuotedTcp {
  Endpoint source{};  // ours
  Endpoint destination{};
  SeqNumber sequence{};

  // `quote` is the body of IcmpUnreachable or IcmpTooBig: an IP header and at least eight bytes behind it (RFC 792; all
  // of TCP's header need not be there, and no checksum can be looked at). Refuses: bad_quote, foreign_quote, fragment
  // (not the first: it has no ports).
  [[nodiscard]] static Parsed<QuotedTcp> parse(Bytes quote);
  friend bool operator==(const QuotedTcp&, const QuotedTcp&) = default;
};

}  // namespace wp::wire
