// The metrics of all owners as one: what has the same name and labels in several lists is added up.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controlplane/metric_text.h"
#include "dataplane/base/metrics.h"

namespace wp::control {

struct Series {
  std::string labels;
  std::vector<const Counter*> values;
  std::vector<const Histogram*> histograms;

  [[nodiscard]] std::uint64_t sum() const;
};

struct Family {
  std::string name;
  std::string help;
  MetricKind kind = MetricKind::counter;
  std::vector<Series> series;  // in the order they were described
};

class MetricSet {
 public:
  // What the list describes must outlive the set. Two metrics of one name have the same kind, or the program is wrong.
  void add(const MetricList& list);

  // Families in the order of their first description.
  [[nodiscard]] const std::vector<Family>& families() const { return families_; }
  void write(MetricText& out) const;
  // Over all series of a counter or gauge; 0 when there is none of the name.
  [[nodiscard]] std::uint64_t sum(const std::string& name) const;

 private:
  std::vector<Family> families_;
  std::map<std::string, std::size_t> family_at_;                          // by name
  std::map<std::pair<std::string, std::string>, std::size_t> series_at_;  // by name and labels
};

}  // namespace wp::control
