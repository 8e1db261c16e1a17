#include "tools/replica/personality.h"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "tools/replica/connection.h"
#include "tools/replica/exposition.h"
#include "tools/replica/replica.h"

namespace wp::replica {
namespace {

using nlohmann::ordered_json;

// Of the cache, what requests hold: cached blocks that nobody uses count as free, as engines have it.
double kv_usage(const Replica& replica) {
  const KvCache& cache = replica.engine().cache();
  return static_cast<double>(cache.pinned()) / static_cast<double>(cache.capacity());
}

std::uint64_t kv_tokens(const Replica& replica) {
  return std::uint64_t{replica.engine().cache().capacity()} * replica.config().engine.block_tokens;
}

std::uint64_t used_tokens(const Replica& replica) {
  return std::uint64_t{replica.engine().cache().pinned()} * replica.config().engine.block_tokens;
}

std::string vllm_metrics(const Replica& replica) {
  const Engine& engine = replica.engine();
  const EngineTotals& totals = engine.totals();
  Exposition out("engine=\"0\",model_name=\"" + replica.config().models.front() + "\"");
  out.gauge("vllm:num_requests_running", "Requests in model execution batches.", std::uint64_t{engine.running()});
  out.gauge("vllm:num_requests_waiting", "Requests waiting to be processed.", std::uint64_t{engine.waiting()});
  out.gauge("vllm:kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", kv_usage(replica));
  out.gauge("vllm:cache_config_info", "Information of the LLMEngine CacheConfig", std::uint64_t{1},
            "block_size=\"" + std::to_string(engine.config().block_tokens) + "\",num_gpu_blocks=\"" +
                std::to_string(engine.cache().capacity()) + "\"");
  out.counter("vllm:prefix_cache_queries_total", "Prefix cache queries, in queried tokens.", totals.prompt_tokens);
  out.counter("vllm:prefix_cache_hits_total", "Prefix cache hits, in cached tokens.", totals.cached_tokens);
  out.counter("vllm:prompt_tokens_total", "Prefill tokens processed.", totals.prompt_tokens);
  out.counter("vllm:generation_tokens_total", "Generation tokens processed.", totals.generated_tokens);
  out.counter("vllm:request_success_total", "Successfully processed requests.", totals.finished,
              "finished_reason=\"length\"");
  return out.take();
}

std::string sglang_metrics(const Replica& replica) {
  const Engine& engine = replica.engine();
  const EngineTotals& totals = engine.totals();
  Exposition out("model_name=\"" + replica.config().models.front() + "\"");
  out.gauge("sglang:num_running_reqs", "The number of running requests.", std::uint64_t{engine.running()});
  out.gauge("sglang:num_queue_reqs", "The number of requests in the waiting queue.", std::uint64_t{engine.waiting()});
  out.gauge("sglang:num_used_tokens", "The number of used tokens.", used_tokens(replica));
  out.gauge("sglang:max_total_num_tokens", "Maximum total number of tokens in the KV cache pool.", kv_tokens(replica));
  out.gauge("sglang:token_usage", "The token usage.", kv_usage(replica));
  // Every decode report sets it back to zero, so that it says nothing there either.
  out.gauge("sglang:cache_hit_rate", "The prefix cache hit rate.", std::uint64_t{0});
  out.gauge("sglang:cache_config_info", "Information of the cache config", std::uint64_t{1},
            "page_size=\"" + std::to_string(engine.config().block_tokens) + "\",num_pages=\"" +
                std::to_string(engine.cache().capacity()) + "\"");
  out.counter("sglang:cached_tokens_total", "Number of cached prompt tokens.", totals.cached_tokens,
              "cache_source=\"device\"");
  out.counter("sglang:prompt_tokens_total", "Number of prefill tokens processed.", totals.prompt_tokens);
  out.counter("sglang:generation_tokens_total", "Number of generation tokens processed.", totals.generated_tokens);
  return out.take();
}

std::string llama_metrics(const Replica& replica) {
  const Engine& engine = replica.engine();
  const EngineTotals& totals = engine.totals();
  Exposition out;
  // llama.cpp counts what it computed, not what it was asked.
  out.counter("llamacpp:prompt_tokens_total", "Number of prompt tokens processed.",
              totals.prompt_tokens - totals.cached_tokens);
  out.counter("llamacpp:tokens_predicted_total", "Number of generation tokens processed.", totals.generated_tokens);
  out.gauge("llamacpp:requests_processing", "Number of requests processing.", std::uint64_t{engine.running()});
  out.gauge("llamacpp:requests_deferred", "Number of requests deferred.", std::uint64_t{engine.waiting()});
  return out.take();
}

std::string sglang_loads(const Replica& replica, Instant now) {
  const Engine& engine = replica.engine();
  const ordered_json load = {{"dp_rank", 0},
                             {"num_running_reqs", engine.running()},
                             {"num_waiting_reqs", engine.waiting()},
                             {"num_waiting_uncached_tokens", engine.waiting_uncached_tokens()},
                             {"num_total_reqs", engine.running() + engine.waiting()},
                             {"num_used_tokens", used_tokens(replica)},
                             {"max_total_num_tokens", kv_tokens(replica)},
                             {"token_usage", kv_usage(replica)},
                             {"max_running_requests", engine.config().max_running}};
  return ordered_json{{"timestamp", replica.unix_seconds(now)}, {"loads", ordered_json::array({load})}}.dump();
}

std::string llama_slots(const Replica& replica) {
  ordered_json slots = ordered_json::array();
  for (std::uint32_t i = 0; i < replica.config().engine.max_running; ++i) {
    slots.push_back(
        {{"id", i}, {"n_ctx", replica.config().engine.kv_tokens}, {"is_processing", i < replica.engine().running()}});
  }
  return slots.dump();
}

Page no_metrics(Personality personality) {
  if (personality == Personality::sglang) return {kJsonType, R"({"detail":"Not Found"})", 404};
  return {
      kJsonType,
      R"({"error":{"code":501,"message":"This server does not support metrics endpoint. Start it with `--metrics`",)"
      R"("type":"not_supported_error"}})",
      501};
}

Page metrics_page(const Replica& replica) {
  const Personality personality = replica.config().personality;
  if (!replica.config().engine_metrics) return no_metrics(personality);
  switch (personality) {
    case Personality::vllm: return {kMetricsType, vllm_metrics(replica)};
    case Personality::sglang: return {kMetricsType, sglang_metrics(replica)};
    default: return {kMetricsType, llama_metrics(replica)};
  }
}

}  // namespace

std::optional<Personality> parse_personality(std::string_view word) {
  if (word == "plain") return Personality::plain;
  if (word == "vllm") return Personality::vllm;
  if (word == "sglang") return Personality::sglang;
  if (word == "llama.cpp") return Personality::llama_cpp;
  return std::nullopt;
}

void take_on(Personality personality, ReplicaConfig& replica, ConnectionLimits& limits) {
  replica.personality = personality;
  switch (personality) {
    case Personality::plain: break;
    case Personality::vllm:
      replica.engine.block_tokens = 16;
      replica.engine.max_running = 256;
      replica.engine_metrics = true;
      break;
    case Personality::sglang:
      replica.engine.block_tokens = 1;
      replica.engine_metrics = false;  // until --enable-metrics
      break;
    case Personality::llama_cpp:
      replica.engine.block_tokens = 1;
      replica.engine.max_running = 4;
      replica.engine_metrics = false;  // until --metrics
      limits.idle_close = seconds(5);
      limits.max_requests = 100;
      break;
  }
}

std::optional<Page> engine_page(std::string_view path, const Replica& replica, Instant now) {
  const Personality personality = replica.config().personality;
  if (personality == Personality::plain) return std::nullopt;
  if (path == "/metrics") return metrics_page(replica);
  // It is nought for ever without --enable-server-load-tracking.
  if (personality == Personality::vllm && path == "/load") return Page{kJsonType, R"({"server_load":0})"};
  if (personality == Personality::sglang) {
    if (path == "/v1/loads") return Page{kJsonType, sglang_loads(replica, now)};
    if (path == "/get_server_info") {
      const ordered_json info = {{"page_size", replica.config().engine.block_tokens},
                                 {"max_total_num_tokens", kv_tokens(replica)},
                                 {"served_model_name", replica.config().models.front()}};
      return Page{kJsonType, info.dump()};
    }
  }
  if (personality == Personality::llama_cpp && path == "/slots") return Page{kJsonType, llama_slots(replica)};
  return std::nullopt;
}

std::string load_report(std::string_view format, const Replica& replica) {
  std::string upper(format);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  const std::string usage = ordered_json(kv_usage(replica)).dump();
  const std::string waiting = ordered_json(static_cast<double>(replica.engine().waiting())).dump();
  if (upper == "TEXT") {
    return "TEXT named_metrics.kv_cache_usage_perc=" + usage + ", named_metrics.num_requests_waiting=" + waiting;
  }
  if (upper == "JSON") {
    return R"(JSON {"named_metrics": {"kv_cache_usage_perc": )" + usage + R"(, "num_requests_waiting": )" + waiting +
           "}}";
  }
  return {};
}

}  // namespace wp::replica
