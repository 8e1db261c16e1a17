// The only place that makes an Instant out of a clock: of the daemon's and of the tools' programs alike, so that their
// instants can be compared on one machine.
#pragma once

#include <time.h>

#include "dataplane/base/time.h"

namespace wp::control {

[[nodiscard]] inline Instant read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return Instant{} + seconds(now.tv_sec) + nanos(now.tv_nsec);
}

// CLOCK_MONOTONIC; through the vDSO, about 20 ns.
[[nodiscard]] inline Instant monotonic_now() {
  return read_clock(CLOCK_MONOTONIC);
}

// Wall-clock time is an Instant plus this.
[[nodiscard]] inline Duration unix_offset() {
  return read_clock(CLOCK_REALTIME) - monotonic_now();
}

}  // namespace wp::control
