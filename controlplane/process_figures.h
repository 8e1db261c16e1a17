// What the kernel says about this process; as metrics, under the names that every Prometheus client library uses.
#pragma once

#include <cstdint>
#include <optional>

#include "controlplane/metric_text.h"
#include "dataplane/base/time.h"

namespace wp::control {

// Nothing when the kernel does not tell.
[[nodiscard]] std::optional<std::uint64_t> open_files();
[[nodiscard]] std::optional<std::uint64_t> resident_bytes();

// Since the process began; zero when the kernel does not tell.
[[nodiscard]] Duration process_uptime();

// Open file descriptors and their limit, resident memory, CPU time. A figure that cannot be read is left out.
void write_process_figures(MetricText& out);

}  // namespace wp::control
