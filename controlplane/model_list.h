// What GET /v1/models is answered with.
#pragma once

#include <span>
#include <string>

#include "controlplane/config/settings.h"

namespace wp::control {

// The models that the configuration names, in the form of OpenAI's list and in the configuration's order. Empty when it
// names none: then the replicas know, and are asked.
[[nodiscard]] std::string model_list(std::span<const RouteSettings> routes);

}  // namespace wp::control
