#include "controlplane/metric_set.h"

#include <utility>

#include "dataplane/base/assert.h"

namespace wp::control {

std::uint64_t Series::sum() const {
  std::uint64_t total = 0;
  for (const Counter* value : values) total += value->value();
  return total;
}

void MetricSet::add(const MetricList& list) {
  for (const Metric& metric : list.all()) {
    const auto [at, fresh] = family_at_.try_emplace(metric.name, families_.size());
    if (fresh) families_.push_back({metric.name, metric.help, metric.kind, {}});
    Family& family = families_[at->second];
    WP_ASSERT(family.kind == metric.kind);
    const auto [series_at, new_series] =
        series_at_.try_emplace(std::pair(metric.name, metric.labels), family.series.size());
    if (new_series) family.series.push_back({metric.labels, {}, {}});
    Series& series = family.series[series_at->second];
    if (metric.kind == MetricKind::histogram) {
      series.histograms.push_back(metric.histogram);
    } else {
      series.values.push_back(metric.value);
    }
  }
}

std::uint64_t MetricSet::sum(const std::string& name) const {
  const auto at = family_at_.find(name);
  if (at == family_at_.end()) return 0;
  std::uint64_t total = 0;
  for (const Series& series : families_[at->second].series) total += series.sum();
  return total;
}

void MetricSet::write(MetricText& out) const {
  for (const Family& family : families_) {
    out.family(family.name, family.help, family.kind);
    for (const Series& series : family.series) {
      if (family.kind == MetricKind::histogram) {
        HistogramFigures figures;
        for (const Histogram* histogram : series.histograms) figures.add(*histogram);
        out.histogram(family.name, series.labels, figures);
      } else {
        out.sample(family.name, series.labels, series.sum());
      }
    }
  }
}

}  // namespace wp::control
