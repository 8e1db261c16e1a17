// Whether settings make sense together: what no single value shows.
#pragma once

#include <vector>

#include "controlplane/config/config_error.h"
#include "controlplane/config/settings.h"

namespace wp::control {

// Everything that is wrong, each with the line of the key that is to be changed. Values by themselves are in range.
[[nodiscard]] std::vector<ConfigError> check_settings(const Settings& settings, const ConfigLines& lines);

}  // namespace wp::control
