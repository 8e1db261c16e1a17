// warmpathctl, run without a process.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "tools/ctl/program.h"

namespace wp::ctl {

struct Ran {
  ExitCode code = ExitCode::done;
  std::string out;
  std::string err;
};

// `socket`: where it looks for the daemon when no argument says so.
inline Ran run_with(const std::vector<std::string>& arguments, const std::string& socket = "/nowhere/control.sock") {
  std::ostringstream out;
  std::ostringstream err;
  const ExitCode code = run(arguments, {.out = out, .err = err, .colour = false, .environment = socket});
  return {code, out.str(), err.str()};
}

}  // namespace wp::ctl
