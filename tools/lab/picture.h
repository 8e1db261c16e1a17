// The rows as a picture: SVG 1.1, one line a strategy, three panels: hits, imbalance, and first tokens on a logarithmic
// scale. No script, no font of its own, readable on light and on dark ground.
#pragma once

#include <span>
#include <string>

#include "tools/lab/row.h"
#include "tools/lab/simulation.h"
#include "tools/lab/trace.h"

namespace wp::lab {

[[nodiscard]] std::string picture_text(const Trace& trace, const SimulationConfig& config, std::span<const Row> rows);

}  // namespace wp::lab
