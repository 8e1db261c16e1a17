// The request target (RFC 9112 section 3.2), behind its bytes: its form, its authority, and a path that everybody
// resolves to the same resource.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/http/ambiguity.h"
#include "dataplane/http/head.h"

namespace wp::http {

// Reads text[start, end), which holds nothing but target bytes and at least one, into the head's target and host; the
// head's method is set. Absolute-form becomes origin-form inside `text`, without moving what follows.
[[nodiscard]] Ambiguity read_target(std::span<char> text, std::uint32_t start, std::uint32_t end, RequestHead& head,
                                    std::uint32_t& at);

}  // namespace wp::http
