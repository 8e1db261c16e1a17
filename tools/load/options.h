// The command line of warmpath-load.
#pragma once

#include <expected>
#include <string>

#include "tools/load/load.h"
#include "tools/load/workload.h"
#include "tools/loop/transport_choice.h"

namespace wp::load {

struct Options {
  LoadConfig load;
  WorkloadConfig workload;
  std::string workload_name = "sessions";
  std::string trace;   // a file to replay instead of the workload; empty: none
  std::string target;  // as it was given
  loop::TransportChoice transport = loop::TransportChoice::best;
  bool json = false;
  bool quiet = false;  // no progress
};

// What the command line says, or how to leave: what to print, and the exit status (0 for --help).
struct Leave {
  std::string text;
  int status = 0;
};
[[nodiscard]] std::expected<Options, Leave> read_options(int count, const char* const* arguments);

}  // namespace wp::load
