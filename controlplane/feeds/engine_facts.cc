#include "controlplane/feeds/engine_facts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "controlplane/feeds/metric_reader.h"

namespace wp::feeds {
namespace {

// What a metric tells. Of two that tell the same, `alt` ones count only where the others are missing.
enum class Tells : std::uint8_t {
  waiting,
  waiting_alt,
  running,
  usage,
  usage_alt,
  tokens,
  block_tokens,  // times `blocks` it is the tokens
  blocks,
  queries,
  queries_alt,
  hits,
  hits_alt,
};
constexpr std::size_t kTold = 12;

struct Row {
  std::string_view metric;  // colons written as underscores: Ray has them so
  Tells tells;
  std::string_view label = {};  // only of series that have this label
  std::string_view value = {};
};

constexpr std::array kRows = {
    // vLLM. Of those that wait, the deferred ones wait for something else than the engine.
    Row{"vllm_num_requests_waiting_by_reason", Tells::waiting, "reason", "capacity"},
    Row{"vllm_num_requests_waiting", Tells::waiting_alt},
    Row{"vllm_num_requests_running", Tells::running},
    Row{"vllm_kv_cache_usage_perc", Tells::usage},
    Row{"vllm_gpu_cache_usage_perc", Tells::usage_alt},
    Row{"vllm_prefix_cache_queries_total", Tells::queries},
    Row{"vllm_gpu_prefix_cache_queries_total", Tells::queries_alt},
    Row{"vllm_prefix_cache_hits_total", Tells::hits},
    Row{"vllm_gpu_prefix_cache_hits_total", Tells::hits_alt},
    // SGLang. Its cache_hit_rate is set back at every report; the sums are not.
    Row{"sglang_num_queue_reqs", Tells::waiting},
    Row{"sglang_num_running_reqs", Tells::running},
    Row{"sglang_token_usage", Tells::usage},
    Row{"sglang_max_total_num_tokens", Tells::tokens},
    Row{"sglang_prompt_tokens_total", Tells::queries},
    Row{"sglang_cached_tokens_total", Tells::hits},
    // TensorRT-LLM, by trtllm-serve and in Triton.
    Row{"trtllm_num_requests_waiting", Tells::waiting},
    Row{"trtllm_num_requests_running", Tells::running},
    Row{"trtllm_kv_cache_utilization", Tells::usage},
    Row{"trtllm_kv_cache_tokens_per_block", Tells::block_tokens},
    Row{"trtllm_kv_cache_max_blocks", Tells::blocks},
    Row{"nv_trt_llm_request_metrics", Tells::waiting, "request_type", "waiting"},
    Row{"nv_trt_llm_request_metrics", Tells::running, "request_type", "scheduled"},
    Row{"nv_trt_llm_kv_cache_block_metrics", Tells::usage, "kv_cache_block_type", "fraction"},
    Row{"nv_trt_llm_kv_cache_block_metrics", Tells::block_tokens, "kv_cache_block_type", "tokens_per"},
    Row{"nv_trt_llm_kv_cache_block_metrics", Tells::blocks, "kv_cache_block_type", "max"},
    // LMDeploy, llama.cpp, TGI.
    Row{"lmdeploy_num_requests_waiting", Tells::waiting},
    Row{"lmdeploy_num_requests_running", Tells::running},
    Row{"lmdeploy_gpu_cache_usage_perc", Tells::usage},
    Row{"llamacpp_requests_deferred", Tells::waiting},
    Row{"llamacpp_requests_processing", Tells::running},
    Row{"tgi_queue_size", Tells::waiting},
    Row{"tgi_batch_current_size", Tells::running},
};

// Where an engine shows its cache's size as labels of a series that is always 1.
struct InfoRow {
  std::string_view metric;
  std::string_view block_tokens;
  std::string_view blocks;
};
constexpr std::array kInfoRows = {
    InfoRow{"vllm_cache_config_info", "block_size", "num_gpu_blocks"},
    InfoRow{"sglang_cache_config_info", "page_size", "num_pages"},
};
constexpr std::string_view kProcessStart = "process_start_time_seconds";

// Sums stay exact in a double, and in JSON, up to here.
constexpr double kMost = 9007199254740992.0;
constexpr std::uint64_t kMostTokens = 1'000'000'000'000;

bool same_name(std::string_view name, std::string_view row) {
  if (name.starts_with("ray_")) name.remove_prefix(4);
  return std::ranges::equal(name, row, [](char a, char b) { return (a == ':' ? '_' : a) == b; });
}

std::uint64_t whole(double value) {
  return static_cast<std::uint64_t>(std::llround(value));
}

class Collector {
 public:
  void add(const MetricSample& sample) {
    if (!std::isfinite(sample.value) || sample.value < 0 || sample.value > kMost) return;
    for (const Row& row : kRows) {
      if (!same_name(sample.name, row.metric)) continue;
      if (row.label.empty() || sample.label(row.label) == row.value) at(row.tells).add(sample.value);
    }
    for (const InfoRow& row : kInfoRows) {
      if (same_name(sample.name, row.metric)) add_cache(number(sample, row.block_tokens), number(sample, row.blocks));
    }
    if (sample.name == kProcessStart) started_.add(sample.value);
  }

  [[nodiscard]] EngineFacts facts() const {
    EngineFacts facts;
    facts.waiting = sum(Tells::waiting, Tells::waiting_alt);
    facts.running = sum(Tells::running, Tells::running);
    const Sum& usage = first(Tells::usage, Tells::usage_alt);
    if (usage.series > 0) facts.kv_usage = std::min(1.0, usage.total / usage.series);
    facts.kv_tokens = kv_tokens();
    const auto queries = sum(Tells::queries, Tells::queries_alt);
    const auto hits = sum(Tells::hits, Tells::hits_alt);
    // An engine that counts hits of more tokens than it was asked counts something else, and one that shows no hits may
    // not count them: SGLang shows them from the first on.
    if (queries && hits && *queries >= *hits) {
      facts.prefix_queries = queries;
      facts.prefix_hits = hits;
    }
    // Of several processes none is the engine's for sure.
    if (started_.series == 1 && started_.total * 1000 < kMost) facts.instance = whole(started_.total * 1000);
    return facts;
  }

 private:
  struct Sum {
    double total = 0;
    double series = 0;
    void add(double value) {
      total += value;
      ++series;
    }
  };

  [[nodiscard]] static std::uint64_t number(const MetricSample& sample, std::string_view label) {
    const std::string_view text = sample.label(label).value_or("");
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && stop == text.data() + text.size() && value <= kMostTokens ? value : 0;
  }

  void add_cache(std::uint64_t block_tokens, std::uint64_t blocks) {
    // Neither factor is above kMostTokens, so doubles hold the product without overflow.
    info_tokens_ += static_cast<double>(block_tokens) * static_cast<double>(blocks);
  }

  [[nodiscard]] std::optional<std::uint64_t> sum(Tells what, Tells alternative) const {
    const Sum& found = first(what, alternative);
    if (found.series == 0 || found.total > kMost) return {};
    return whole(found.total);
  }

  [[nodiscard]] std::optional<std::uint64_t> kv_tokens() const {
    double tokens = at(Tells::tokens).total;
    if (tokens == 0) tokens = info_tokens_;
    const Sum& each = at(Tells::block_tokens);
    if (tokens == 0 && each.series > 0) tokens = each.total / each.series * at(Tells::blocks).total;
    if (tokens < 1 || tokens > static_cast<double>(kMostTokens)) return {};
    return whole(tokens);
  }

  [[nodiscard]] Sum& at(Tells what) { return sums_[static_cast<std::size_t>(what)]; }
  [[nodiscard]] const Sum& at(Tells what) const { return sums_[static_cast<std::size_t>(what)]; }
  [[nodiscard]] const Sum& first(Tells what, Tells alternative) const {
    return at(what).series > 0 ? at(what) : at(alternative);
  }

  std::array<Sum, kTold> sums_{};
  Sum started_;
  double info_tokens_ = 0;
};

}  // namespace

EngineFacts read_engine(std::string_view page) {
  MetricReader reader(page);
  MetricSample sample;
  Collector collector;
  while (reader.next(sample)) collector.add(sample);
  return collector.facts();
}

}  // namespace wp::feeds
