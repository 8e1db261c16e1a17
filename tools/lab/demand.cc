#include "tools/lab/demand.h"

#include <algorithm>
#include <cmath>

namespace wp::lab {
namespace {

// Tokens that one cache for all would not have.
double uncached_tokens(const Trace& trace, const SimulationConfig& config) {
  if (config.replica.cache_tokens == 0) {
    return static_cast<double>(trace.prompt_tokens) -
           static_cast<double>(trace.repeated_blocks) * static_cast<double>(trace.block_tokens);
  }
  ReplicaModelConfig together = config.replica;
  together.cache_tokens *= config.replicas;
  ReplicaModel model(together, trace.block_tokens, trace.distinct_blocks);
  std::uint64_t tokens = 0;
  for (const TraceRequest& request : trace.requests) {
    tokens += model.take(Instant{}, trace.blocks_of(request), request.prompt_tokens, 1).uncached_tokens;
  }
  return static_cast<double>(tokens);
}

}  // namespace

double speed_for(const Trace& trace, const SimulationConfig& config, double utilisation) {
  const double span = trace.requests.back().at.seconds();
  const double work = uncached_tokens(trace, config) / config.replica.prefill_rate +
                      static_cast<double>(trace.requests.size()) * config.replica.overhead.seconds();
  if (span <= 0 || work <= 0) return 1;
  return utilisation * config.replicas * span / work;
}

double packing_floor(const Trace& trace, std::uint32_t replicas) {
  const auto& brought = trace.brought_blocks;
  if (brought.empty() || trace.distinct_blocks == 0) return 1;
  std::uint64_t most = brought.front();
  if (brought.size() > replicas) most = std::max(most, brought[replicas - 1] + brought[replicas]);
  return std::max(1.0, static_cast<double>(most) * replicas / trace.distinct_blocks);
}

std::uint64_t cache_of_share(const Trace& trace, std::uint32_t replicas, double share) {
  std::uint32_t longest = 0;
  for (const TraceRequest& request : trace.requests) longest = std::max(longest, request.prompt_tokens);
  const double tokens = share * trace.distinct_blocks * trace.block_tokens / replicas;
  return std::max<std::uint64_t>(std::llround(tokens), std::uint64_t{2} * longest);
}

}  // namespace wp::lab
