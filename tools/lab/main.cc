// warmpath-lab: what a strategy would have done with a trace.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "tools/lab/options.h"
#include "tools/lab/picture.h"
#include "tools/lab/read_trace.h"
#include "tools/lab/report.h"

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

int run(Options options) {
  const auto trace = read_trace(options.trace, options.format, options.reading);
  if (!trace) return fail(trace.error());
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
