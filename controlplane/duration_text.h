// Durations as people write them on a command line: "5", "5s", "250ms", "2m". Without a unit they are seconds.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "dataplane/base/time.h"

namespace wp::control {

// From 0 to a day. The error says what is accepted, without quoting `text`.
[[nodiscard]] std::expected<Duration, std::string> parse_duration(std::string_view text);

// The shortest of those forms: "5s", "250ms".
[[nodiscard]] std::string to_string(Duration duration);

}  // namespace wp::control
