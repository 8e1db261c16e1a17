// The request line (RFC 9112 section 3): METHOD SP target SP HTTP/1.x, and the target in origin-form.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/base/reasons.h"
#include "dataplane/http/head.h"

namespace wp::http {

// Reads text[0, end), a line without its CRLF, into the head's method, target, host and version. Absolute-form is
// normalised to origin-form inside `text`, without moving what follows the line; host() is then its authority.
// Refuses, at `at`, with bad_request_line, bad_version, method_unknown, target_too_long, bad_target, bad_line_end.
[[nodiscard]] Reason read_request_line(std::span<char> text, std::uint32_t end, std::uint32_t max_target,
                                       RequestHead& head, std::uint32_t& at);

}  // namespace wp::http
