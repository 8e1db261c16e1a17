#include "tools/lab/report.h"

#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "tools/ctl/table.h"
#include "tools/lab/demand.h"

namespace wp::lab {
namespace {

using nlohmann::ordered_json;

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

ordered_json share(double value) {
  return ordered_json::parse(fixed(value, 5));
}

ordered_json row_json(const Row& row) {
  return {
      {"strategy", row.strategy},
      {"hit_share", share(row.hit_share)},
      {"share_of_ideal", share(row.share_of_ideal)},
      {"imbalance", share(row.imbalance)},
      {"ttft_mean_ms", ordered_json::parse(fixed(row.ttft_mean_ms, 3))},
      {"ttft_p50_ms", ordered_json::parse(fixed(row.ttft_p50_ms, 3))},
      {"ttft_p90_ms", ordered_json::parse(fixed(row.ttft_p90_ms, 3))},
      {"ttft_p99_ms", ordered_json::parse(fixed(row.ttft_p99_ms, 3))},
      {"sessions_kept", row.sessions_kept ? share(*row.sessions_kept) : ordered_json(nullptr)},
      {"error_p50", share(row.error_p50)},
      {"error_p90", share(row.error_p90)},
      {"prompt_error_p50", share(row.prompt_error_p50)},
      {"prompt_error_p90", share(row.prompt_error_p90)},
      {"spills", row.spills},
      {"retries", row.retries},
      {"lost", row.lost},
  };
}

std::string cache_words(const SimulationConfig& config) {
  if (config.replica.cache_tokens == 0) return "endless caches";
  return "caches of " + std::to_string(config.replica.cache_tokens) + " tokens";
}

}  // namespace

std::string heading(const Trace& trace, const SimulationConfig& config) {
  const double span = trace.requests.back().at.seconds() / config.speed;
  return trace.name + ": " + std::to_string(trace.requests.size()) + " requests in " + fixed(span, 0) +
         " s, ideal hit " + "share " + fixed(trace.ideal_share(), 3) + "; " + std::to_string(config.replicas) +
         " replicas with " + cache_words(config) + ", " + std::to_string(config.gateways) +
         (config.gateways == 1 ? " gateway" : " gateways");
}

std::string table_text(const Trace& trace, const SimulationConfig& config, std::span<const Row> rows) {
  using ctl::Align;
  ctl::Table table({{"STRATEGY"},
                    {"HITS", Align::right},
                    {"OF IDEAL", Align::right},
                    {"IMBALANCE", Align::right},
                    {"TTFT P50", Align::right},
                    {"P90", Align::right},
                    {"P99 MS", Align::right},
                    {"KEPT", Align::right},
                    {"SPILLS", Align::right},
                    {"LOST", Align::right}});
  for (const Row& row : rows) {
    table.add({row.strategy, fixed(row.hit_share, 3), fixed(row.share_of_ideal, 3), fixed(row.imbalance, 2),
               fixed(row.ttft_p50_ms, 0), fixed(row.ttft_p90_ms, 0), fixed(row.ttft_p99_ms, 0),
               row.sessions_kept ? fixed(*row.sessions_kept, 3) : std::string("-"), std::to_string(row.spills),
               std::to_string(row.lost)});
  }
  return heading(trace, config) + "\n\n" + table.text(false);
}

std::string json_text(const Trace& trace, const SimulationConfig& config, std::span<const Row> rows) {
  ordered_json made = {
      {"trace",
       {{"name", trace.name},
        {"requests", trace.requests.size()},
        {"blocks", trace.blocks.size()},
        {"block_tokens", trace.block_tokens},
        {"prompt_tokens", trace.prompt_tokens},
        {"ideal_share", share(trace.ideal_share())},
        {"packing_floor", share(packing_floor(trace, config.replicas))}}},
      {"fleet",
       {{"replicas", config.replicas},
        {"gateways", config.gateways},
        {"cache_tokens", config.replica.cache_tokens},
        {"prefill_rate", config.replica.prefill_rate},
        {"decode_rate", config.replica.decode_rate},
        {"whole_replies", config.whole_share},
        {"load_factor", config.bounds.factor},
        {"speed", config.speed},
        {"seed", config.seed}}},
      {"rows", ordered_json::array()},
  };
  for (const Row& row : rows) made["rows"].push_back(row_json(row));
  return made.dump() + "\n";
}

}  // namespace wp::lab
