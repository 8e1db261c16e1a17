// warmpathctl: the operator's client of warmpathd's admin endpoints. All of it but main(): arguments in, text and an
// exit status out. It knows the control plane's text formats, never its state.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "tools/ctl/exit_code.h"

namespace wp::ctl {

struct Surroundings {
  std::ostream& out;
  std::ostream& err;
  bool colour = false;      // `out` is a terminal that wants it
  std::string environment;  // of WARMPATH_SOCKET; empty: not set
};

// `arguments`: without the program's name.
[[nodiscard]] ExitCode run(const std::vector<std::string>& arguments, const Surroundings& surroundings);

}  // namespace wp::ctl
