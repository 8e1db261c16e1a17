// `warmpathctl metrics`: the daemon's counters without a Prometheus.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "tools/ctl/command.h"

namespace wp::ctl {

// A line of the Prometheus text format 0.0.4.
struct Sample {
  std::string name;
  std::string labels;  // with braces, as they stand in the line; empty: none
  std::string value;
  std::string kind;  // of its family: "counter", "gauge", "histogram"
};

// The samples of a scrape in their order; the error is the line that is none.
[[nodiscard]] std::expected<std::vector<Sample>, std::string> read_samples(std::string_view text);

// Whether a series is meant: a pattern with '*' fits all of "name{labels}", another any part of it.
[[nodiscard]] bool fits(std::string_view pattern, const Sample& sample);

void declare_metrics(CLI::App& root, Context& context);

}  // namespace wp::ctl
