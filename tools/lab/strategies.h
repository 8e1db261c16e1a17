// Everything that can be compared, by name.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/balance/snapshot.h"
#include "tools/lab/router.h"

namespace wp::lab {

// What a Router may be made with.
struct RouterNeeds {
  const Fleet& fleet;  // for oracles alone
  const Trace& trace;
  std::uint64_t seed = 0;
};

struct StrategyInfo {
  std::string_view name;
  std::string_view about;                             // one line
  std::string_view origin;                            // "ours", or the project and place that a rival follows
  balance::Strategy own = balance::Strategy::prefix;  // the pool's strategy
  std::unique_ptr<Router> (*make)(const RouterNeeds& needs) = nullptr;
};

[[nodiscard]] std::span<const StrategyInfo> all_strategies();
[[nodiscard]] const StrategyInfo* find_strategy(std::string_view name);

}  // namespace wp::lab
