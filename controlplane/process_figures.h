// What the kernel says about this process, under the names that every Prometheus client library uses.
#pragma once

#include "controlplane/metric_text.h"

namespace wp::control {

// Open file descriptors and their limit, resident memory, CPU time. A figure that cannot be read is left out.
void write_process_figures(MetricText& out);

}  // namespace wp::control
