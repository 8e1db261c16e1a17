#include "dataplane/wire/extensions.h"

#include <optional>

namespace wp::wire {
namespace {

constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kDestinationOptions = 60;

// Every extension header begins with these and has at least eight bytes.
constexpr Field<std::uint8_t, 0> kNextHeader{};
constexpr Field<std::uint8_t, 1> kLengthInEights{};  // not counting the first; reserved in a fragment header
constexpr Field<std::uint8_t, 3> kSegmentsLeft{};    // of a routing header
constexpr Field<std::uint16_t, 2> kOffsetAndMore{};  // of a fragment header: 13 bits, 2 reserved, 1
constexpr std::size_t kSmallest = 8;
constexpr std::uint16_t kIsPart = 0xfff9;

bool is_extension(std::uint8_t next) {
  return next == kHopByHop || next == kRouting || next == kFragment || next == kDestinationOptions;
}

// RFC 8200, section 4.2. The two highest bits of an option's type say what to do when it is not known: 00 "skip over
// this option and continue processing the header", else "discard the packet". None is known here beyond the two of
// padding; those in use that may be skipped (router alert) say so themselves.
std::optional<Drop> check_options(Bytes options) {
  constexpr std::uint8_t kPad1 = 0;
  while (!options.empty()) {
    const std::uint8_t type = octet(options, 0);
    if (type == kPad1) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2) return Drop::bad_extension;
    const std::size_t length = std::size_t{2} + octet(options, 1);
    if (length > options.size()) return Drop::bad_extension;
    if ((type & 0xc0U) != 0) return Drop::refused_option;
    options = options.subspan(length);
  }
  return std::nullopt;
}

std::optional<Drop> check(std::uint8_t kind, bool is_first, Bytes header) {
  const auto fixed = header.first<kSmallest>();
  switch (kind) {
    case kHopByHop:
      // Section 4.1: "Hop-by-Hop Options header, when present, must immediately follow the IPv6 header".
      if (!is_first) return Drop::bad_extension;
      return check_options(header.subspan(2));
    case kDestinationOptions: return check_options(header.subspan(2));
    case kRouting:
      // Section 4.4: with no segments left "the node must ignore the Routing header", whatever its type, else discard;
      // type 0, which would have us forward, is to be taken as unknown (RFC 5095, section 3).
      if (kSegmentsLeft.get(fixed) != 0) return Drop::source_routed;
      return std::nullopt;
    default:
      // Section 4.5: "if the fragment is a whole datagram (that is, both the Fragment Offset field and the M flag are
      // zero), then it does not need any further reassembly and should be processed as a fully reassembled packet".
      if ((kOffsetAndMore.get(fixed) & kIsPart) != 0) return Drop::fragment;
      return std::nullopt;
  }
}

}  // namespace

Parsed<UpperLayer> walk_extensions(std::uint8_t first, Bytes bytes) {
  std::uint8_t kind = first;
  std::size_t offset = 0;
  for (unsigned walked = 0; is_extension(kind); ++walked) {
    if (walked == kMaxExtensions) return refuse(Drop::too_many_extensions);
    const Bytes rest = bytes.subspan(offset);
    if (rest.size() < kSmallest) return refuse(Drop::truncated);
    const auto fixed = rest.first<kSmallest>();
    const std::size_t length =
        kind == kFragment ? kSmallest : kSmallest * (std::size_t{kLengthInEights.get(fixed)} + 1);
    if (length > rest.size()) return refuse(Drop::truncated);
    if (const auto drop = check(kind, walked == 0, rest.first(length))) return refuse(*drop);
    kind = kNextHeader.get(fixed);
    offset += length;
  }
  return UpperLayer{.protocol = IpProtocol{kind}, .offset = offset};
}

}  // namespace wp::wire
