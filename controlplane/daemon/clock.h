// The only place that makes an Instant out of a clock.
#pragma once

#include <time.h>

#include "dataplane/base/time.h"

namespace wp::daemon {

// CLOCK_MONOTONIC; through the vDSO, about 20 ns.
[[nodiscard]] inline Instant monotonic_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return Instant{} + seconds(now.tv_sec) + nanos(now.tv_nsec);
}

}  // namespace wp::daemon
