#include "controlplane/metric_text.h"

#include <charconv>

#include "dataplane/base/assert.h"

namespace wp::control {
namespace {

// The shortest text that reads back as the same number.
template <class T>
std::string number(T value) {
  char digits[32];
  const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, value);
  WP_ASSERT(ec == std::errc{});
  return {digits, end};
}

std::string escape_help(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string label(std::string_view key, std::string_view value) {
  std::string text(key);
  text += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  text += '"';
  return text;
}

std::string_view word(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter: return "counter";
    case MetricKind::gauge: return "gauge";
    case MetricKind::histogram: return "histogram";
  }
  return "untyped";
}

void HistogramFigures::add(const Histogram& from) {
  for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] = from.upper(i);
  for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += from.bucket(i);
  sum_ns += from.sum_ns();
}

void MetricText::family(std::string_view name, std::string_view help, MetricKind kind) {
  text_.append("# HELP ").append(name).append(" ").append(escape_help(help)).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(word(kind)).append("\n");
}

void MetricText::head(std::string_view name, std::string_view labels) {
  text_.append(name);
  if (!labels.empty()) text_.append("{").append(labels).append("}");
  text_.append(" ");
}

void MetricText::sample(std::string_view name, std::string_view labels, std::uint64_t value) {
  head(name, labels);
  text_.append(number(value)).append("\n");
}

void MetricText::sample(std::string_view name, std::string_view labels, double value) {
  head(name, labels);
  text_.append(number(value)).append("\n");
}

void MetricText::histogram(std::string_view name, std::string_view labels, const HistogramFigures& figures) {
  const std::string bucket = std::string(name) + "_bucket";
  const std::string before = labels.empty() ? "" : std::string(labels) + ",";
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < Histogram::kBounds; ++i) {
    count += figures.buckets[i];
    sample(bucket, before + label("le", number(figures.bounds[i].seconds())), count);
  }
  count += figures.buckets[Histogram::kBounds];
  sample(bucket, before + label("le", "+Inf"), count);
  sample(std::string(name) + "_sum", labels, Duration{static_cast<std::int64_t>(figures.sum_ns)}.seconds());
  // From the same reads as the buckets, so that _count always equals the last of them.
  sample(std::string(name) + "_count", labels, count);
}

void MetricText::single(std::string_view name, std::string_view help, MetricKind kind, std::uint64_t value) {
  family(name, help, kind);
  sample(name, {}, value);
}

}  // namespace wp::control
