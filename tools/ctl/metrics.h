// `warmpathctl metrics`: the daemon's counters without a Prometheus.
#pragma once

#include <string_view>

#include "tools/ctl/command.h"
#include "tools/ctl/samples.h"

namespace wp::ctl {

// Whether a series is meant: a pattern with '*' fits all of "name{labels}", another any part of it.
[[nodiscard]] bool fits(std::string_view pattern, const Sample& sample);

void declare_metrics(CLI::App& root, Context& context);

}  // namespace wp::ctl
