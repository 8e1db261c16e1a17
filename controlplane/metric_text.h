// The Prometheus text format 0.0.4: families with HELP and TYPE once, samples with escaped labels, histograms
// cumulative and in seconds.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/base/metrics.h"

namespace wp::control {

inline constexpr std::string_view kMetricContentType = "text/plain; version=0.0.4; charset=utf-8";

// `key="value"` with backslash, quote and line feed escaped as the format wants.
[[nodiscard]] std::string label(std::string_view key, std::string_view value);

[[nodiscard]] std::string_view word(MetricKind kind);

// A histogram's figures over several owners with the same bounds: counts per bucket (not cumulative, the last is above
// all bounds) and the sum of what was recorded.
struct HistogramFigures {
  std::array<std::uint64_t, Histogram::kBounds + 1> buckets{};
  std::array<Duration, Histogram::kBounds> bounds{};
  std::uint64_t sum_ns = 0;

  void add(const Histogram& from);
};

// Appends to one text. Call family() before its samples, and never twice for a name.
class MetricText {
 public:
  void family(std::string_view name, std::string_view help, MetricKind kind);
  // `labels` without braces, empty when there are none.
  void sample(std::string_view name, std::string_view labels, std::uint64_t value);
  void sample(std::string_view name, std::string_view labels, double value);
  void histogram(std::string_view name, std::string_view labels, const HistogramFigures& figures);

  // A family with one sample.
  void single(std::string_view name, std::string_view help, MetricKind kind, std::uint64_t value);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void head(std::string_view name, std::string_view labels);

  std::string text_;
};

}  // namespace wp::control
