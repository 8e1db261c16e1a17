#include "controlplane/exposition.h"

#include "controlplane/process_figures.h"

namespace wp::control {

std::string Exposition::scrape() {
  MetricText out;
  out.family("warmpath_build_info", "Always 1; what is running is in the labels.", MetricKind::gauge);
  out.sample("warmpath_build_info", label("version", build_.version) + "," + label("transport", build_.transport),
             std::uint64_t{1});
  shards_.write(out);
  fleet_.write(out);
  for (const auto& section : sections_) section(out);
  out.single("warmpath_shards", "Shards that serve.", MetricKind::gauge, watch_.shards());
  out.single("warmpath_shards_stalled", "Shards whose loop does not turn.", MetricKind::gauge, watch_.stalled().size());
  out.single("warmpath_scrapes_total", "Times these metrics were read.", MetricKind::counter, ++scrapes_);
  write_process_figures(out);
  return out.text();
}

}  // namespace wp::control
