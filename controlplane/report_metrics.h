// What is known of each replica and how, as metrics.
#pragma once

#include "controlplane/metric_text.h"
#include "controlplane/reports.h"

namespace wp::control {

void write_report_metrics(MetricText& out, const Reports& reports, const Registry& registry,
                          const balance::Residency& residency, Instant now);

}  // namespace wp::control
