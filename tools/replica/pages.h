// What a replica answers to GET: /v1/models, /health, /metrics, /kv and /debug/events. POST /debug/health, with one of
// ok, loading, fail, hang and absent as its body, decides what /health answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/replica/replica.h"

namespace wp::replica {

struct Page {
  std::string_view content_type;
  std::string body;
  std::uint16_t status = 200;
};

// The page of a path, or nothing. /health has one in every mode but `absent`; that of `hang` is never to be sent.
[[nodiscard]] std::optional<Page> find_page(std::string_view path, const Replica& replica, Instant now);

}  // namespace wp::replica
