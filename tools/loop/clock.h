// loop: what the programs of tools/ that move bytes have in common: the clock, how they are asked to stop, and the
// choice of a transport. It may not know what a program does in a turn.
#pragma once

#include "dataplane/base/time.h"

namespace wp::loop {

// CLOCK_MONOTONIC: instants of one program can be compared with those of any other of the machine.
[[nodiscard]] Instant read_clock();

// Wall-clock time is an Instant plus this.
[[nodiscard]] Duration unix_offset();

}  // namespace wp::loop
