// Names for what a transport counts.
#pragma once

#include "dataplane/base/metrics.h"
#include "dataplane/net/transport.h"

namespace wp::daemon {

// The counters outlive the list.
void describe(const net::NetCounters& counters, MetricList& list);

}  // namespace wp::daemon
