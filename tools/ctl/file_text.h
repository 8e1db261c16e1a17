// Files that the command line names.
#pragma once

#include <cstddef>
#include <limits>
#include <string>

#include "tools/ctl/client.h"

namespace wp::ctl {

// All of it, or its first `most` bytes and a little more; the trouble is the user's.
[[nodiscard]] Outcome<std::string> read_file(const std::string& path,
                                             std::size_t most = std::numeric_limits<std::size_t>::max());

// One line of visible characters, such as a token: without white space around it.
[[nodiscard]] Outcome<std::string> read_line(const std::string& path);

}  // namespace wp::ctl
