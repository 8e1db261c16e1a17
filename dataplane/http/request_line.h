// The request line (RFC 9112 section 3): METHOD SP target SP HTTP/1.x.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/http/ambiguity.h"
#include "dataplane/http/extent.h"
#include "dataplane/http/head.h"

namespace wp::http {

// Reads text[0, end), a line without its CRLF, into the head's method, target, host and version; of a beginning only
// the method and the version are of use. Says what refuses it, at `at`, or none.
[[nodiscard]] Ambiguity read_request_line(std::span<char> text, std::uint32_t end, Extent extent,
                                          std::uint32_t max_target, RequestHead& head, std::uint32_t& at);

}  // namespace wp::http
