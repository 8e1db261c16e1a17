// feeds: reads what engines show of themselves, each in its own dialect, and pushes it to warmpathd in one of
// everybody's. A process of its own: what it parses comes from outside, and when it dies nothing but freshness is lost.
// It knows no other part of warmpath but base; what it tells is the published API (doc/REPORTS.md).
//
// This file: samples of Prometheus's text format 0.0.4, and of OpenMetrics as far as it is the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace wp::feeds {

struct MetricLabel {
  std::string_view name;
  std::string_view value;  // as it is written, its escapes unread: no label that matters here has any
};

struct MetricSample {
  std::string_view name;
  std::span<const MetricLabel> labels;
  double value = 0;  // may be infinite, or no number

  // The value of the label; nothing when there is none.
  [[nodiscard]] std::optional<std::string_view> label(std::string_view name) const;
};

// Reads the samples one after the other, without a copy: what next() gave refers to the text, its labels to the reader,
// until the next call. Lines that are no samples are skipped and counted. Bounded by kMaxLines, which is far above what
// any engine has; a text that goes on is cut, which lines_left() tells.
class MetricReader {
 public:
  static constexpr std::size_t kMaxLabels = 32;
  static constexpr std::size_t kMaxLines = 200'000;

  explicit MetricReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool next(MetricSample& sample);
  [[nodiscard]] std::size_t bad_lines() const { return bad_lines_; }
  [[nodiscard]] bool lines_left() const { return !rest_.empty(); }

 private:
  [[nodiscard]] bool read_line(std::string_view line, MetricSample& sample);
  [[nodiscard]] bool read_labels(std::string_view& line, std::size_t& count);

  std::string_view rest_;
  std::size_t lines_ = 0;
  std::size_t bad_lines_ = 0;
  std::array<MetricLabel, kMaxLabels> labels_{};
};

}  // namespace wp::feeds
