// Files that the command line names.
#pragma once

#include <string>

#include "tools/ctl/client.h"

namespace wp::ctl {

// All of it; the trouble is the user's.
[[nodiscard]] Outcome<std::string> read_file(const std::string& path);

// One line of visible characters, such as a token: without white space around it.
[[nodiscard]] Outcome<std::string> read_line(const std::string& path);

}  // namespace wp::ctl
