// The reference pages that warmpathd prints about itself.
#pragma once

#include <expected>
#include <string>

namespace wp::daemon {

// doc/METRICS.md: from a scrape of a daemon that has one shard and one replica and serves nobody. The error is one
// line.
[[nodiscard]] std::expected<std::string, std::string> print_metrics();

// doc/STRICTNESS.md: the verdict table of dataplane/http/ambiguity.h.
[[nodiscard]] std::string strictness_page();

}  // namespace wp::daemon
