// The authority of a request: Host's value, or what absolute-form names.
#pragma once

#include <string_view>

namespace wp::http {

// uri-host [":" port] of RFC 9110 section 4.2, a little stricter: not empty, no comma, no percent escape, an IP literal
// is IPv6 only and without zone, and a port that is announced is 1..65535 in at most five digits.
[[nodiscard]] bool is_valid_authority(std::string_view authority);

// Do both name the same origin of scheme http? Hosts compare without case; ":80" and no port are the same
// (RFC 9110 section 4.2.3).
[[nodiscard]] bool same_authority(std::string_view a, std::string_view b);

}  // namespace wp::http
