// `warmpathctl config ...`: a file judged without a daemon, and what a daemon runs with, would change to, and reads
// anew.
#pragma once

#include "tools/ctl/command.h"

namespace wp::ctl {

void declare_config(CLI::App& root, Context& context);

}  // namespace wp::ctl
