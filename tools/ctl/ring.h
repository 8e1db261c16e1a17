// `warmpathctl ring lookup`: where requests go, before they are sent.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "tools/ctl/command.h"

namespace wp::ctl {

void declare_ring(CLI::App& root, Context& context);

// "3 of 16": one of a replica's accounts, as the daemon tells them, and its bound.
[[nodiscard]] std::string load_of_bound(const nlohmann::json& replica, const char* load, const char* bound);

}  // namespace wp::ctl
