#include "tools/lab/strategies.h"

#include <algorithm>
#include <array>

#include "tools/lab/own.h"
#include "tools/lab/rivals/dynamo_cost.h"
#include "tools/lab/rivals/first_block.h"
#include "tools/lab/rivals/kubeai_chwbl.h"
#include "tools/lab/rivals/least_outstanding.h"
#include "tools/lab/rivals/longest_prefix.h"
#include "tools/lab/rivals/oracle.h"
#include "tools/lab/rivals/random.h"
#include "tools/lab/rivals/session_hash.h"
#include "tools/lab/rivals/sglang_cache_aware.h"
#include "tools/lab/told.h"

namespace wp::lab {
namespace {

using balance::Strategy;

template <class R>
std::unique_ptr<Router> make(const RouterNeeds& needs) {
  return std::make_unique<R>(needs);
}

constexpr auto kStrategies = std::to_array<StrategyInfo>({
    {"warm", "the least of what it must prefill and has before it, by what was sent where", "ours", Strategy::warm,
     make<Own>},
    {"kv", "the same, by what every cache holds and is told at once", "ours", Strategy::kv, make<Told>},
    {"prefix", "the ring on the session or the first chunk, bounded loads", "ours", Strategy::prefix, make<Own>},
    {"session", "the ring on the session, sent or derived, bounded loads", "ours", Strategy::session, make<Own>},
    {"least-loaded", "the least prefill under way", "ours", Strategy::least_loaded, make<Own>},
    {"round-robin", "the next in turn", "ours", Strategy::round_robin, make<Own>},
    {"random", "any, each as likely", Random::kOrigin, Strategy::round_robin, make<Random>},
    {"least-outstanding", "the fewest requests under way", LeastOutstanding::kOrigin, Strategy::round_robin,
     make<LeastOutstanding>},
    {"first-block", "hash of the prompt's first block", FirstBlock::kOrigin, Strategy::round_robin, make<FirstBlock>},
    {"session-hash", "hash of the conversation", SessionHash::kOrigin, Strategy::round_robin, make<SessionHash>},
    {"kubeai-chwbl", "hash of the first 100 characters, bounded requests", KubeaiChwbl::kOrigin, Strategy::round_robin,
     make<KubeaiChwbl>},
    {"sglang-cache-aware", "a tree of texts sent, or the least loaded", SglangCacheAware::kOrigin,
     Strategy::round_robin, make<SglangCacheAware>},
    {"dynamo-cost", "the least prefill to do and blocks held, told every cache", DynamoCost::kOrigin,
     Strategy::round_robin, make<DynamoCost>},
    {"longest-prefix", "the longest cached prefix with a load guard, told everything at once", LongestPrefix::kOrigin,
     Strategy::round_robin, make<LongestPrefix>},
    {"oracle", "the earliest first token, told every cache and queue, within the same bounds", Oracle::kOrigin,
     Strategy::round_robin, make<Oracle>},
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
