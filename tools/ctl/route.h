// `warmpathctl route explain`: how a request would be routed now, and why.
#pragma once

#include "tools/ctl/command.h"

namespace wp::ctl {

void declare_route(CLI::App& root, Context& context);

}  // namespace wp::ctl
