// Which engine a replica passes for: the names of its metrics, its own pages, and how it is set up when nobody says
// otherwise. What it does to requests is the same for all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/time.h"
#include "tools/replica/page.h"

namespace wp::replica {

class Replica;
struct ReplicaConfig;
struct ConnectionLimits;

enum class Personality : std::uint8_t { plain, vllm, sglang, llama_cpp };

[[nodiscard]] std::optional<Personality> parse_personality(std::string_view word);

// Sets what the engine has by default: size of a KV block, requests at a time, whether it shows metrics, and how long
// and for how many requests it keeps connections.
void take_on(Personality personality, ReplicaConfig& replica, ConnectionLimits& limits);

// The engine's own page of that path, or nothing: metrics by their names, SGLang's /v1/loads and /get_server_info,
// llama.cpp's /slots, vLLM's /load.
[[nodiscard]] std::optional<Page> engine_page(std::string_view path, const Replica& replica, Instant now);

// The value of vLLM's endpoint-load-metrics field when a request asked for that format ("TEXT" or "JSON", in any case);
// empty: the field is left out.
[[nodiscard]] std::string load_report(std::string_view format, const Replica& replica);

}  // namespace wp::replica
