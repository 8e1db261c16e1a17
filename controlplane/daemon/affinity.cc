#include "controlplane/daemon/affinity.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sched.h>

#include "dataplane/base/assert.h"

namespace wp::daemon {

std::expected<void, std::string> pin_this_thread(const std::vector<int>& cores) {
  WP_ASSERT(!cores.empty());
  const auto size = static_cast<std::size_t>(*std::ranges::max_element(cores)) + 1;
  cpu_set_t* set = CPU_ALLOC(size);
  WP_ASSERT(set != nullptr);
  const std::size_t bytes = CPU_ALLOC_SIZE(size);
  CPU_ZERO_S(bytes, set);
  for (const int core : cores) CPU_SET_S(static_cast<std::size_t>(core), bytes, set);
  const int result = ::sched_setaffinity(0, bytes, set);
  const int error = errno;
  CPU_FREE(set);
  if (result == 0) return {};
  return std::unexpected("cannot pin a thread to core " + std::to_string(cores.front()) + ": " + std::strerror(error) +
                         "; try --no-pin");
}

}  // namespace wp::daemon
