// How well it is known what replicas hold, as people read it.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "tools/ctl/table.h"

namespace wp::ctl {

// Of a replica, or of a candidate of a route: "receipts", "counters, report 1.2s", "blind, no report for 9.0s",
// "precise, told 0.2s", "untold for 9.0s".
[[nodiscard]] Cell knowledge_cell(const nlohmann::json& replica);

// Of the status: "2 receipts, 1 blind; oldest report 1.2s".
[[nodiscard]] std::string knowledge_fact(const nlohmann::json& counts);

}  // namespace wp::ctl
