// `warmpathctl ring lookup`: where requests go, before they are sent.
#pragma once

#include "tools/ctl/command.h"

namespace wp::ctl {

void declare_ring(CLI::App& root, Context& context);

}  // namespace wp::ctl
