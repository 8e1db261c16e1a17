#include "controlplane/core_plan.h"

#include <algorithm>

#include <sched.h>

#include "dataplane/base/assert.h"

namespace wp::control {

std::expected<CorePlan, std::string> plan_cores(const std::vector<int>& allowed, std::uint32_t wanted, bool pin) {
  WP_ASSERT(!allowed.empty());
  const auto cores = static_cast<std::uint32_t>(allowed.size());
  CorePlan plan;
  plan.shards = wanted != 0 ? wanted : std::max(cores - 1, 1U);
  if (!pin) return plan;
  if (plan.shards > cores) {
    return std::unexpected("--shards " + std::to_string(plan.shards) + ": only " + std::to_string(cores) +
                           (cores == 1 ? " core" : " cores") + " may be used; give fewer, or --no-pin");
  }
  // The first cores take the system's interrupts on most machines: the shards get the last.
  const auto first = allowed.begin() + (cores - plan.shards);
  plan.shard_cores.assign(first, allowed.end());
  plan.control_cores.assign(allowed.begin(), first);
  if (plan.control_cores.empty()) {
    plan.warning = "every core has a shard: the control thread shares them; give one shard fewer to keep a core for it";
  }
  return plan;
}

std::vector<int> allowed_cores() {
  // Room for more cores than CPU_SETSIZE; the call fails when the set is smaller than the kernel's own.
  for (int size = CPU_SETSIZE; size <= 64 * CPU_SETSIZE; size *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(size));
    WP_ASSERT(set != nullptr);
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    std::vector<int> cores;
    if (::sched_getaffinity(0, bytes, set) == 0) {
      for (int core = 0; core < size; ++core) {
        if (CPU_ISSET_S(static_cast<std::size_t>(core), bytes, set)) cores.push_back(core);
      }
    }
    CPU_FREE(set);
    if (!cores.empty()) return cores;
  }
  return {0};
}

}  // namespace wp::control
