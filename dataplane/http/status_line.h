// The status line (RFC 9112 section 4): HTTP/1.x SP 3DIGIT SP [reason].
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/http/ambiguity.h"
#include "dataplane/http/extent.h"
#include "dataplane/http/head.h"

namespace wp::http {

// Reads text[0, end), a line without its CRLF; a beginning is judged only. The space before an empty reason may be
// missing, as some servers send it.
[[nodiscard]] Ambiguity read_status_line(std::span<const char> text, std::uint32_t end, Extent extent, ReplyHead& head,
                                         std::uint32_t& at);

}  // namespace wp::http
