// warmpathctl postmortem: what a warmpathd that died, or was asked, left in a file. Needs no daemon.
#pragma once

#include "tools/ctl/command.h"

namespace wp::ctl {

void declare_postmortem(CLI::App& root, Context& context);

}  // namespace wp::ctl
