// warmpathctl's process.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <signal.h>
#include <unistd.h>

#include "tools/ctl/program.h"

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// NO_COLOR: any value asks for plain text (no-color.org).
bool wants_colour() {
  return ::isatty(STDOUT_FILENO) == 1 && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

}  // namespace

int main(int count, char** values) {
  ::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments(values + 1, values + count);
  const wp::ctl::ExitCode code = wp::ctl::run(
      arguments,
      {.out = std::cout, .err = std::cerr, .colour = wants_colour(), .environment = environment("WARMPATH_SOCKET")});
  return static_cast<int>(code);
}
