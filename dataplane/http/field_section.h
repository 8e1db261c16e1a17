// The field lines of one head, in either role: kept in order, counted, and their framing judged.
#pragma once

#include <cstdint>

#include "dataplane/http/ambiguity.h"
#include "dataplane/http/framing_fields.h"
#include "dataplane/http/head.h"

namespace wp::http {

// Forgets the last head's values. The array of fields stays as it is: field_count says what of it holds.
void clear_head(HeadBase& head);

// Reads the line [start, end) of head.text as the last of the head's fields and tells `framing`. Refuses like
// read_field_line and FramingFields, and what is behind `max_fields`.
[[nodiscard]] Ambiguity append_field(HeadBase& head, std::uint32_t start, std::uint32_t end, std::uint32_t max_fields,
                                     FramingFields& framing, std::uint32_t& at);

// What append_field would refuse of a line that begins with [start, end), not empty.
[[nodiscard]] Ambiguity judge_field_beginning(const HeadBase& head, std::uint32_t start, std::uint32_t end,
                                              std::uint32_t max_fields, std::uint32_t& at);

}  // namespace wp::http
