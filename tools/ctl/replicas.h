// `warmpathctl replicas ...`: what is there, and changes that hold at once.
#pragma once

#include "tools/ctl/command.h"

namespace wp::ctl {

void declare_replicas(CLI::App& root, Context& context);

}  // namespace wp::ctl
