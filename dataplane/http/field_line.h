// One field line (RFC 9112 section 5): "name: value" without its CRLF.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/http/ambiguity.h"
#include "dataplane/http/extent.h"
#include "dataplane/http/head.h"

namespace wp::http {

// This and the other parts of a head return Ambiguity::none, or what refuses the head with the offset in `at`. They are
// called for each line, and a Result that passes through memory would cost more than the line's own bytes.

// Reads text[start, end), not empty, into `field`; a beginning is judged only. The name is a token with the colon right
// behind it, the value is trimmed of OWS and holds no control byte but HTAB.
[[nodiscard]] Ambiguity read_field_line(std::span<const char> text, std::uint32_t start, std::uint32_t end,
                                        Extent extent, Field& field, std::uint32_t& at);

}  // namespace wp::http
