// warmpath-lab's command line.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "tools/lab/families/family.h"
#include "tools/lab/simulation.h"
#include "tools/lab/strategies.h"
#include "tools/lab/trace_builder.h"
#include "tools/lab/trace_line.h"

namespace wp::lab {

// Of a replica, relative to what the trace asks for; told: SimulationConfig has it.
enum class CacheSize : std::uint8_t { told, small, large, endless };

struct Options {
  std::string trace;  // path; empty: of a family
  const Family* family = nullptr;
  bool fleet_told = false;  // --replicas, else the family has a say
  bool rate_told = false;   // --prefill-rate
  CacheSize cache = CacheSize::told;
  TraceFormat format = TraceFormat::automatic;
  TraceConfig reading;
  SimulationConfig simulation;
  std::vector<const StrategyInfo*> strategies;  // in the order asked for; all when none was named
  double utilisation = 0;                       // 0: simulation.speed is what counts
  bool json = false;
  std::string picture;  // path; empty: none
};

// How to leave without a run: what to print, and the exit status (0 for --help).
struct Leave {
  std::string text;
  int status = 0;
};

[[nodiscard]] std::expected<Options, Leave> read_options(int count, const char* const* arguments);

}  // namespace wp::lab
