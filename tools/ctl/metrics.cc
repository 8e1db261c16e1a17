#include "tools/ctl/metrics.h"

#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/ctl/samples.h"
#include "tools/ctl/table.h"

namespace wp::ctl {
namespace {

using Json = nlohmann::json;

// `*` for any text, the rest as it is.
bool glob(std::string_view pattern, std::string_view text) {
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  std::size_t p = 0;
  for (std::size_t t = 0; t < text.size();) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

struct MetricsOptions {
  std::string pattern;
  bool nonzero = false;
  bool buckets = false;
  bool raw = false;
};

bool shown(const MetricsOptions& options, const Sample& sample) {
  if (!options.buckets && sample.kind == "histogram" && sample.name.ends_with("_bucket")) return false;
  if (options.nonzero && sample.value == "0") return false;
  return options.pattern.empty() || fits(options.pattern, sample);
}

Outcome<void> show(const Context& context, const MetricsOptions& options) {
  const auto text = ask_text(context, {.path = "/metrics"});
  if (!text) return std::unexpected(text.error());
  if (options.raw) {
    context.out << *text;
    return {};
  }
  const auto samples = read_samples(*text);
  if (!samples) return trouble(ExitCode::garbled, "no line of metrics: " + samples.error());
  Table table({{"METRIC"}, {"VALUE", Align::right}});
  Json list = Json::array();
  for (const Sample& sample : *samples) {
    if (!shown(options, sample)) continue;
    table.add({sample.name + sample.labels, sample.value});
    list.push_back({{"name", sample.name}, {"labels", sample.labels}, {"kind", sample.kind}, {"value", sample.value}});
  }
  if (context.json) {
    print_json(context, list);
  } else if (!table.empty()) {
    context.out << table.text(context.colour);
  } else {
    context.out << "no metric fits; all of them: warmpathctl metrics\n";
  }
  return {};
}

}  // namespace

bool fits(std::string_view pattern, const Sample& sample) {
  const std::string series = sample.name + sample.labels;
  if (pattern.find('*') == std::string_view::npos) return series.find(pattern) != std::string::npos;
  return glob(pattern, series);
}

void declare_metrics(CLI::App& root, Context& context) {
  const auto options = std::make_shared<MetricsOptions>();
  CLI::App& app = add_command(
      root, context,
      {"metrics",
       "counters and gauges, as Prometheus sees them",
       {"metrics                       # all of them, histograms by sum and count",
        "metrics reasons --nonzero     # what was refused, and why", "metrics 'warmpath_replica_*'  # by pattern",
        "metrics --raw                 # the text that Prometheus reads"}},
      [&context, options] { return show(context, *options); });
  context.completes(
      *app.add_option("PATTERN", options->pattern, "part of a name, or a pattern with '*' for the whole of it")
           ->type_name(""),
      Names::metrics);
  app.add_flag("--nonzero", options->nonzero, "only what is not 0");
  app.add_flag("--buckets", options->buckets, "the buckets of histograms, too");
  app.add_flag("--raw", options->raw, "the Prometheus text as it is");
}

}  // namespace wp::ctl
