// An option that takes a duration as warmpathd's own options do: "30s", "250ms", "5m".
#pragma once

#include <string>

#include "dataplane/base/time.h"

namespace CLI {
class App;
}

namespace wp::ctl {

// `value` outlives the parsing. Its value now is the default that --help shows, unless it is zero.
void add_duration(CLI::App& app, const std::string& name, const std::string& help, Duration& value);

}  // namespace wp::ctl
