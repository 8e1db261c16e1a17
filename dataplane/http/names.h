// Field names: which of them the codec knows, and what that means for forwarding.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/http/head.h"

namespace wp::http {

inline constexpr std::uint32_t kLongestKnownName = 19;  // proxy-authorization

// `lower`: the name in lower case. Unknown names are Name::other.
[[nodiscard]] Name classify_name(std::string_view lower);

// Belongs to one connection, not to the message (RFC 9110 section 7.6.1): never forwarded. Transfer-Encoding is one:
// the writer says anew how a body is framed. Proxy-Authorization is meant for us, the first proxy.
[[nodiscard]] bool is_hop_by_hop(Name name);

// May Connection not name it? Naming a field makes proxies drop it, so a client could hide from the replica what frames
// the message, whom it is for, who sent it or what it holds. RFC 9110 section 7.6.1 forbids it for fields that are
// meant for all recipients; such a head is refused.
[[nodiscard]] bool is_shielded_from_connection(Name name);

// May a request hold it once only? Readers take the first or the last, and what we decide by must be what they decide
// by (RFC 9110 section 5.3). Host, Expect and the framing fields have verdicts of their own.
[[nodiscard]] bool is_single(Name name);

// May a trailer section not hold it? RFC 9110 section 6.5.1: framing, routing, authentication, request modifiers, and
// how the content is coded.
[[nodiscard]] bool is_forbidden_in_trailers(Name name);

}  // namespace wp::http
