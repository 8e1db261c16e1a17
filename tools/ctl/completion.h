// `warmpathctl completion SHELL`: the script by which a shell asks what may stand at the end of a command line
// (candidates.h). The build installs the same.
#pragma once

#include "tools/ctl/command.h"

namespace wp::ctl {

void declare_completion(CLI::App& root, Context& context);

}  // namespace wp::ctl
