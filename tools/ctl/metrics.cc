#include "tools/ctl/metrics.h"

#include <map>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/ctl/table.h"

namespace wp::ctl {
namespace {

using Json = nlohmann::json;

// The end of a sample's labels; they may hold braces inside quotes.
std::size_t labels_end(std::string_view line, std::size_t open) {
  bool quoted = false;
  for (std::size_t i = open + 1; i < line.size(); ++i) {
    if (quoted && line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == '}' && !quoted) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

bool read_sample(std::string_view line, Sample& sample) {
  const std::size_t name_end = line.find_first_of("{ ");
  if (name_end == std::string_view::npos || name_end == 0) return false;
  sample.name = line.substr(0, name_end);
  std::size_t end = name_end;
  if (line[name_end] == '{') {
    end = labels_end(line, name_end);
    if (end == std::string_view::npos || end >= line.size() || line[end] != ' ') return false;
    sample.labels = line.substr(name_end, end - name_end);
  }
  sample.value = line.substr(end + 1);
  return !sample.value.empty();
}

// "warmpath_x_bucket" is a sample of the histogram "warmpath_x".
std::string family_of(const std::string& name, const std::map<std::string, std::string, std::less<>>& kinds) {
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const std::string family = name.substr(0, name.size() - suffix.size());
    if (const auto found = kinds.find(family); found != kinds.end() && found->second == "histogram") return family;
  }
  return name;
}

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

std::expected<std::vector<Sample>, std::string> read_samples(std::string_view text) {
  constexpr std::string_view kType = "# TYPE ";
  std::vector<Sample> samples;
  std::map<std::string, std::string, std::less<>> kinds;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with(kType)) {
      const std::string_view rest = line.substr(kType.size());
      const std::size_t space = rest.find(' ');
      if (space == std::string_view::npos) return std::unexpected(std::string(line));
      kinds.emplace(rest.substr(0, space), rest.substr(space + 1));
    } else if (!line.empty() && line.front() != '#') {
      Sample sample;
      if (!read_sample(line, sample)) return std::unexpected(std::string(line));
      const auto kind = kinds.find(family_of(sample.name, kinds));
      if (kind != kinds.end()) sample.kind = kind->second;
      samples.push_back(std::move(sample));
    }
  }
  return samples;
}

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
  app.add_option("PATTERN", options->pattern, "part of a name, or a pattern with '*' for the whole of it");
  app.add_flag("--nonzero", options->nonzero, "only what is not 0");
  app.add_flag("--buckets", options->buckets, "the buckets of histograms, too");
  app.add_flag("--raw", options->raw, "the Prometheus text as it is");
}

}  // namespace wp::ctl
