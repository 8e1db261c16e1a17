// What the lab prints: a table for people, JSON for machines.
#pragma once

#include <span>
#include <string>

#include "tools/lab/row.h"
#include "tools/lab/simulation.h"
#include "tools/lab/trace.h"

namespace wp::lab {

// What was replayed, in one line.
[[nodiscard]] std::string heading(const Trace& trace, const SimulationConfig& config);

[[nodiscard]] std::string table_text(const Trace& trace, const SimulationConfig& config, std::span<const Row> rows);

// {"trace": {...}, "fleet": {...}, "rows": [...]}, one line. Keys are only ever added to. A share that nothing can be
// said about is null.
[[nodiscard]] std::string json_text(const Trace& trace, const SimulationConfig& config, std::span<const Row> rows);

}  // namespace wp::lab
