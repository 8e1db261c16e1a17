// How counters get a name: every struct of counters describes itself into a MetricList, and the exposition, the
// reference page and the tests read that list. A figure that is not described cannot be exported by accident, and one
// that is exported always has its help text.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/counters.h"

namespace wp {

enum class MetricKind : std::uint8_t { counter, gauge, histogram };

struct Metric {
  std::string name;    // Prometheus name, with unit and _total where due
  std::string help;    // one sentence
  std::string labels;  // `key="value",...` without braces, empty when none
  MetricKind kind = MetricKind::counter;
  const Counter* value = nullptr;        // of counter and gauge
  const Histogram* histogram = nullptr;  // of histogram
};

// Metrics of one owner. The objects described must outlive the list. Lists of several shards are merged by adding up
// metrics of equal name and labels.
class MetricList {
 public:
  void counter(std::string name, std::string help, std::string labels, const Counter& value) {
    metrics_.push_back({std::move(name), std::move(help), std::move(labels), MetricKind::counter, &value, nullptr});
  }
  void gauge(std::string name, std::string help, std::string labels, const Counter& value) {
    metrics_.push_back({std::move(name), std::move(help), std::move(labels), MetricKind::gauge, &value, nullptr});
  }
  void histogram(std::string name, std::string help, std::string labels, const Histogram& value) {
    metrics_.push_back({std::move(name), std::move(help), std::move(labels), MetricKind::histogram, nullptr, &value});
  }
  [[nodiscard]] const std::vector<Metric>& all() const { return metrics_; }

 private:
  std::vector<Metric> metrics_;
};

}  // namespace wp
