// `warmpathctl version`: of this program, and of the daemon when one answers.
#pragma once

#include <string>

#include "tools/ctl/command.h"

namespace wp::ctl {

// "warmpathctl 0.1.0"
[[nodiscard]] std::string version_line();

void declare_version(CLI::App& root, Context& context);

}  // namespace wp::ctl
