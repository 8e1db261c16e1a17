// Which cores the shards get. A shard runs to completion on a core of its own; the control thread keeps to the cores
// that are left, so that a slow scrape never delays a request.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace wp::control {

struct CorePlan {
  std::uint32_t shards = 1;
  std::vector<int> shard_cores;    // by shard; empty: not pinned
  std::vector<int> control_cores;  // where the control thread may run; empty: anywhere
  std::string warning;             // one line, empty when there is nothing to say
};

// `allowed`: cores that this process may use, ascending, at least one. `wanted`: 0 for all but one. The error is one
// line about the option --shards.
[[nodiscard]] std::expected<CorePlan, std::string> plan_cores(const std::vector<int>& allowed, std::uint32_t wanted,
                                                              bool pin);

// From sched_getaffinity(2).
[[nodiscard]] std::vector<int> allowed_cores();

}  // namespace wp::control
