// Writes a postmortem file with nothing but system calls and memory that was there before: callable from a signal
// handler, on a stack of a few KiB, while other threads go on.
#pragma once

#include <cstdint>
#include <span>

#include "controlplane/postmortem_format.h"

namespace wp::daemon {

// Return addresses found by following frame pointers from `frame`, which the build keeps; the first is `pc`. Memory is
// read through the kernel, so that a wild pointer ends the walk and not the process. How many were found.
[[nodiscard]] std::uint32_t walk_frames(std::uint64_t pc, std::uint64_t frame, std::span<std::uint64_t> frames);

// Registers, thread, address and frames of a signal, from what its handler was given. Frames that are there stay.
void describe_signal(control::postmortem::Header& header, int signal, const void* siginfo, const void* ucontext);

// Everything, to an open file. False when not all could be written.
[[nodiscard]] bool write_postmortem(int file, const control::postmortem::Header& header,
                                    std::span<const FlightRecorder* const> shards);

}  // namespace wp::daemon
