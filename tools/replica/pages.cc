#include "tools/replica/pages.h"

#include <nlohmann/json.hpp>

#include "tools/replica/exposition.h"
#include "tools/replica/personality.h"

namespace wp::replica {

using nlohmann::ordered_json;

namespace {

double milliseconds(Instant at) {
  return static_cast<double>(at.ns) / 1e6;
}

std::string models(const Replica& replica, Instant now) {
  ordered_json list = ordered_json::array();
  for (const std::string& model : replica.config().models) {
    list.push_back({{"id", model},
                    {"object", "model"},
                    {"created", replica.unix_seconds(now)},
                    {"owned_by", "warmpath-replica"},
                    {"root", model},
                    {"max_model_len", replica.config().engine.kv_tokens}});
  }
  return ordered_json{{"object", "list"}, {"data", std::move(list)}}.dump();
}

std::string kv(const Replica& replica) {
  const KvCache& cache = replica.engine().cache();
  return ordered_json{{"name", replica.config().name},       {"block_tokens", replica.config().engine.block_tokens},
                      {"capacity_blocks", cache.capacity()}, {"cached_blocks", cache.cached()},
                      {"pinned_blocks", cache.pinned()},     {"evicted_blocks", cache.evicted()}}
      .dump();
}

std::string faults(const Replica& replica) {
  ordered_json list = ordered_json::array();
  for (const FaultRule& fault : replica.faults().all()) list.push_back(to_string(fault));
  return ordered_json{{"faults", std::move(list)}, {"befallen", replica.faults().befallen()}}.dump();
}

std::string events(const Replica& replica, Instant now) {
  ordered_json list = ordered_json::array();
  replica.log().for_each([&](const LoggedEvent& event) {
    list.push_back({{"number", event.number},
                    {"at_ms", milliseconds(event.at)},
                    {"event", word(event.what)},
                    {"api", event.api},
                    {"request", event.request},
                    {"x_request_id", event.client_id}});
  });
  return ordered_json{{"name", replica.config().name},
                      {"clock", "CLOCK_MONOTONIC"},
                      {"now_ms", milliseconds(now)},
                      {"total", replica.log().total()},
                      {"events", std::move(list)}}
      .dump(-1, ' ', false, ordered_json::error_handler_t::replace);  // a client's id may be no UTF-8
}

std::string metrics(const Replica& replica) {
  const Engine& engine = replica.engine();
  const EngineTotals& totals = engine.totals();
  Exposition out;
  out.gauge("replica_requests_running", "Requests that prefill or decode.", std::uint64_t{engine.running()});
  out.gauge("replica_requests_waiting", "Requests in the queue.", std::uint64_t{engine.waiting()});
  out.counter("replica_requests_total", "Requests that the engine took.", totals.accepted);
  out.counter("replica_refused_total", "Requests that the engine refused: queue full, or too long.", totals.refused);
  out.counter("replica_finished_total", "Requests that were answered whole.", totals.finished);
  out.counter("replica_cancelled_total", "Requests whose client went away.", totals.cancelled);
  out.gauge("replica_last_cancel_ms", "Monotonic clock at the last cancel, in milliseconds; 0 before the first.",
            milliseconds(replica.last_cancel()));
  out.counter("replica_prompt_tokens_total", "Prompt tokens of requests whose prefill began.", totals.prompt_tokens);
  out.counter("replica_cached_tokens_total", "Prompt tokens found in the KV cache.", totals.cached_tokens);
  out.counter("replica_generated_tokens_total", "Tokens generated.", totals.generated_tokens);
  const KvCache& cache = engine.cache();
  out.gauge("replica_kv_capacity_blocks", "Blocks of the KV cache.", std::uint64_t{cache.capacity()});
  out.gauge("replica_kv_cached_blocks", "Blocks that can be found by their prefix.", std::uint64_t{cache.cached()});
  out.gauge("replica_kv_pinned_blocks", "Blocks that requests hold.", std::uint64_t{cache.pinned()});
  out.counter("replica_kv_evicted_blocks_total", "Cached blocks that made room for others.", cache.evicted());
  return out.take();
}

// As llama.cpp says that it loads; the others say it by the status alone.
std::optional<Page> health(const Replica& replica) {
  const auto error = [](int code, const char* message, const char* type) {
    return ordered_json{{"error", {{"code", code}, {"message", message}, {"type", type}}}}.dump();
  };
  switch (replica.health()) {
    case HealthMode::loading: return Page{kJsonType, error(503, "Loading model", "unavailable_error"), 503};
    case HealthMode::fail: return Page{kJsonType, error(500, "The engine has failed", "server_error"), 500};
    case HealthMode::absent: return std::nullopt;
    case HealthMode::ok:
    case HealthMode::hang: break;
  }
  return Page{"text/plain; charset=utf-8", ""};
}

}  // namespace

std::optional<Page> find_page(std::string_view path, const Replica& replica, Instant now) {
  if (path == "/health") return health(replica);
  if (auto page = engine_page(path, replica, now)) return page;
  if (path == "/v1/models") return Page{kJsonType, models(replica, now)};
  if (path == "/metrics" || path == "/debug/metrics") return Page{kMetricsType, metrics(replica)};
  if (path == "/kv") return Page{kJsonType, kv(replica)};
  if (path == "/debug/faults") return Page{kJsonType, faults(replica)};
  if (path == "/debug/events") return Page{kJsonType, events(replica, now)};
  return std::nullopt;
}

}  // namespace wp::replica
