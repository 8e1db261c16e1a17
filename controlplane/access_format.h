// One line of the access log from one record. A table of fields says what stands where: the JSON, the text and the page
// doc/ACCESS-LOG.md are made from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/base/access_record.h"

namespace wp::control {

enum class AccessFormat : std::uint8_t { json, text };

[[nodiscard]] std::string_view word(AccessFormat format);

// What a line is made from.
struct AccessLine {
  const AccessRecord& record;
  std::uint32_t shard = 0;
  std::int64_t unix_ns = 0;  // the record's start by the wall clock, UTC
};

// Appends the line with its line end. Whatever bytes the record's texts hold, the line is one line of printable ASCII.
void write_access_line(std::string& out, AccessFormat format, const AccessLine& line);

// doc/ACCESS-LOG.md.
[[nodiscard]] std::string access_log_page();

}  // namespace wp::control
