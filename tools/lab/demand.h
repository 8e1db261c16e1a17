// What a trace asks of a fleet at the least, whoever routes it.
#pragma once

#include "tools/lab/simulation.h"
#include "tools/lab/trace.h"

namespace wp::lab {

// How fast arrivals must be for the prefills that remain when all caches are one, as large as all of them together, to
// take this share of the replicas' time. 1 where that cannot be said: no time passes, or nothing is left to prefill.
[[nodiscard]] double speed_for(const Trace& trace, const SimulationConfig& config, double utilisation);

// The least imbalance (row.h) of anything that keeps conversations whole: the heaviest weighs what it weighs, and of
// one more than there are replicas two must share. What is packed are the blocks that each was the first to ask for.
[[nodiscard]] double packing_floor(const Trace& trace, std::uint32_t replicas);

// A cache of a replica that holds this share of all that is ever asked, once all replicas' are taken together; at least
// two of the longest prompts.
[[nodiscard]] std::uint64_t cache_of_share(const Trace& trace, std::uint32_t replicas, double share);

}  // namespace wp::lab
