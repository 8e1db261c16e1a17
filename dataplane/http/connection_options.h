// The Connection fields of a finished head (RFC 9110 section 7.6.1): options of the connection, and names of fields
// that end here.
#pragma once

#include <cstdint>

#include "dataplane/http/ambiguity.h"
#include "dataplane/http/head.h"

namespace wp::http {

// Options that name fields; each is looked for among all fields, so their product is bounded.
inline constexpr std::uint32_t kMaxNamingOptions = 32;

// Sets keep_alive (RFC 9112 section 9.3), wants_upgrade (never for HTTP/1.0, RFC 9110 section 7.8) and hop_by_hop of
// the fields that Connection names. Needs text, fields, names and minor_version. Refuses, at `at`, an option that is no
// token, names a field that must go end to end (names.h), or is one too many.
[[nodiscard]] Ambiguity apply_connection_options(HeadBase& head, std::uint32_t& at);

}  // namespace wp::http
