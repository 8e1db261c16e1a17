// warmpath-lab: what a strategy would have done with a trace.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "tools/lab/demand.h"
#include "tools/lab/options.h"
#include "tools/lab/picture.h"
#include "tools/lab/read_trace.h"
#include "tools/lab/report.h"
#include "tools/lab/trace_builder.h"

namespace wp::lab {
namespace {

int fail(const std::string& words) {
  std::fprintf(stderr, "warmpath-lab: %s\n", words.c_str());
  return 1;
}

bool write_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

// What all caches together hold of a trace that no family made.
constexpr double kSmallShare = 0.05;
constexpr double kLargeShare = 0.5;

// A family's trace, and the fleet it is meant for where the command line names none.
std::expected<Trace, std::string> make_up(Options& options, double& small, double& large) {
  SimulationConfig& simulation = options.simulation;
  const Script script = make_script(*options.family, simulation.seed);
  if (!options.fleet_told) simulation.replicas = script.replicas;
  if (!options.rate_told) simulation.replica.prefill_rate = script.prefill_rate;
  options.reading.block_tokens = script.block_tokens;
  small = script.small_share;
  large = script.large_share;
  TraceBuilder builder(options.reading, std::string(options.family->name) + " " + std::to_string(simulation.seed));
  for (const ScriptLine& line : script.lines) {
    const auto added = builder.add(line);
    if (!added) return std::unexpected(added.error());
  }
  return builder.take();
}

int run(Options options) {
  double small = kSmallShare;
  double large = kLargeShare;
  const auto trace = options.family != nullptr ? make_up(options, small, large)
                                               : read_trace(options.trace, options.format, options.reading);
  if (!trace) return fail(trace.error());
  if (options.cache != CacheSize::told) {
    SimulationConfig& simulation = options.simulation;
    simulation.replica.cache_tokens =
        options.cache == CacheSize::endless
            ? 0
            : cache_of_share(*trace, simulation.replicas, options.cache == CacheSize::small ? small : large);
  }
  if (options.utilisation > 0) {
    options.simulation.speed = speed_for(*trace, options.simulation, options.utilisation);
  }
  std::vector<Row> rows;
  for (const StrategyInfo* strategy : options.strategies) {
    const Outcome outcome = simulate(*trace, options.simulation, *strategy);
    rows.push_back(make_row(std::string(strategy->name), *trace, outcome));
  }
  if (!options.picture.empty() && !write_file(options.picture, picture_text(*trace, options.simulation, rows))) {
    return fail(options.picture + ": " + std::strerror(errno));
  }
  const std::string text =
      options.json ? json_text(*trace, options.simulation, rows) : table_text(*trace, options.simulation, rows);
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace wp::lab

int main(int count, char** arguments) {
  const auto options = wp::lab::read_options(count, arguments);
  if (options) return wp::lab::run(*options);
  std::fputs(options.error().text.c_str(), options.error().status == 0 ? stdout : stderr);
  return options.error().status;
}
