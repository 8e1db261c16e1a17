#include "tools/lab/strategies.h"

#include <algorithm>
#include <array>

#include "tools/lab/own.h"
#include "tools/lab/rivals/first_block.h"
#include "tools/lab/rivals/least_outstanding.h"
#include "tools/lab/rivals/longest_prefix.h"
#include "tools/lab/rivals/session_hash.h"

namespace wp::lab {
namespace {

using balance::Strategy;

template <class R>
std::unique_ptr<Router> make(const RouterNeeds& needs) {
  return std::make_unique<R>(needs);
}

constexpr auto kStrategies = std::to_array<StrategyInfo>({
    {"prefix", "the ring on the session or the first chunk, bounded loads", "ours", Strategy::prefix, make<Own>},
    {"least-loaded", "the least prefill under way", "ours", Strategy::least_loaded, make<Own>},
    {"round-robin", "the next in turn", "ours", Strategy::round_robin, make<Own>},
    {"least-outstanding", "the fewest requests under way", LeastOutstanding::kOrigin, Strategy::round_robin,
     make<LeastOutstanding>},
    {"first-block", "hash of the prompt's first block", FirstBlock::kOrigin, Strategy::round_robin, make<FirstBlock>},
    {"session-hash", "hash of the conversation", SessionHash::kOrigin, Strategy::round_robin, make<SessionHash>},
    {"longest-prefix", "the longest cached prefix with a load guard, told everything at once", LongestPrefix::kOrigin,
     Strategy::round_robin, make<LongestPrefix>},
});

}  // namespace

std::span<const StrategyInfo> all_strategies() {
  return kStrategies;
}

const StrategyInfo* find_strategy(std::string_view name) {
  const auto found = std::ranges::find(kStrategies, name, &StrategyInfo::name);
  return found == kStrategies.end() ? nullptr : &*found;
}

}  // namespace wp::lab
