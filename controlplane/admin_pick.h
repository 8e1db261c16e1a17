// What /ring/lookup and /route/explain have in common: a pick that is explained and not made, and how its parts are
// written.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/reports.h"
#include "dataplane/balance/explain.h"
#include "dataplane/prompt/features.h"

namespace wp::control {

// What is known of the replicas.
struct Known {
  const balance::Accounts& accounts;
  balance::Residency* residency;     // may be null where the features have no rungs
  const Reports* reports = nullptr;  // null where nobody reports
};

// What the pool's strategy would pick now. Shards draw and take turns on their own: where the strategy does, this is an
// example.
[[nodiscard]] balance::Explanation explain_now(const balance::Snapshot& snapshot, const balance::Pool& pool,
                                               const Known& known, const prompt::Features& features);

// The replica, its accounts and their bounds.
[[nodiscard]] nlohmann::json describe_load(const balance::Considered& entry);

// nullptr when there is none.
[[nodiscard]] const balance::Pool* find_pool(const balance::Snapshot& snapshot, std::string_view name);

}  // namespace wp::control
