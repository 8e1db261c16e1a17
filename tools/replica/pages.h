// What a replica answers to GET: /v1/models, /health, /metrics, /kv, /debug/events, /debug/faults, and what the engine
// that it passes for has besides. The replica's own metrics are at /debug/metrics, whatever that engine shows. POST
// /debug/health, with one of ok, loading, fail, hang and absent as its body, decides what /health answers; POST
// /debug/faults, with faults a line, what goes wrong.
#pragma once

#include <optional>
#include <string_view>

#include "tools/replica/page.h"
#include "tools/replica/replica.h"

namespace wp::replica {

// The page of a path, or nothing. /health has one in every mode but `absent`; that of `hang` is never to be sent.
[[nodiscard]] std::optional<Page> find_page(std::string_view path, const Replica& replica, Instant now);

}  // namespace wp::replica
