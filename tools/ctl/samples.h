// The Prometheus text format 0.0.4, read.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace wp::ctl {

// A line of it.
struct Sample {
  std::string name;
  std::string labels;  // with braces, as they stand in the line; empty: none
  std::string value;
  std::string kind;  // of its family: "counter", "gauge", "histogram"
};

// The samples of a scrape in their order; the error is the line that is none.
[[nodiscard]] std::expected<std::vector<Sample>, std::string> read_samples(std::string_view text);

}  // namespace wp::ctl
