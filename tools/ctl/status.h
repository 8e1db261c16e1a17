// `warmpathctl status`: the daemon at a glance.
#pragma once

#include "tools/ctl/command.h"

namespace wp::ctl {

void declare_status(CLI::App& root, Context& context);

}  // namespace wp::ctl
