// One field line (RFC 9112 section 5): "name: value" without its CRLF.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/base/reasons.h"
#include "dataplane/http/head.h"

namespace wp::http {

// This and the other parts of a head return Reason::none, or why the head is refused with the offset in `at`. They are
// called for each line, and a Result that passes through memory would cost more than the line's own bytes.

// Reads text[start, end) into `field`. The name is a token with the colon right behind it, the value is trimmed of OWS
// and holds no control byte but HTAB; a line that begins with a blank would be obs-fold. Refuses with bad_header, and
// with bad_line_end for a CR inside.
[[nodiscard]] Reason read_field_line(std::span<const char> text, std::uint32_t start, std::uint32_t end, Field& field,
                                     std::uint32_t& at);

}  // namespace wp::http
