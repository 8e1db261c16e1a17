// What a replica answers to GET: /v1/models, /health, /metrics, /kv and /debug/events.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tools/replica/replica.h"

namespace wp::replica {

struct Page {
  std::string_view content_type;
  std::string body;
};

// The page of a path, or nothing.
[[nodiscard]] std::optional<Page> find_page(std::string_view path, const Replica& replica, Instant now);

}  // namespace wp::replica
