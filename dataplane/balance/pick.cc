#include "dataplane/balance/pick.h"

#include <algorithm>

#include "dataplane/balance/rung_holders.h"
#include "dataplane/balance/strategy.h"

namespace wp::balance {

Pick pick(const PickInput& input) {
  return pick(input, input.pool.strategy);
}

Pick pick(const PickInput& input, Strategy strategy) {
  if (input.pool.pickable.empty()) return {};
  if (input.pool.pickable.size() == 1) {
    const Replica& only = pickable_at(input, 0);
    return is_excluded(input, only) ? Pick{} : Pick{&only, Reason::only_one};
  }
  switch (strategy) {
    case Strategy::warm: return pick_warm(input);
    case Strategy::kv: return pick_kv(input);
    case Strategy::prefix: return pick_prefix(input);
    case Strategy::session: return pick_session(input);
    case Strategy::least_loaded: return pick_least_loaded(input);
    case Strategy::round_robin: return pick_round_robin(input);
  }
  return {};
}

std::uint32_t uncached_tokens(const PickInput& input, const Pick& pick) {
  const std::uint32_t tokens = input.features.estimated_tokens;
  return std::max(1U, tokens - std::min(tokens, pick.cached));
}

std::uint64_t last_rung(const prompt::Features& features) {
  // The end of a prompt without turns, or with one, is a rung, too.
  for (std::size_t i = features.ladder.size(); i > 0; --i) {
    if (features.ladder[i - 1].end < features.canonical_bytes) return features.ladder[i - 1].hash;
  }
  return 0;
}

void remember(const PickInput& input, const Pick& pick) {
  if (input.residency == nullptr) return;
  if (input.pool.strategy == Strategy::kv) {
    input.residency->told().expect(pick.replica->ref.id, input.features.ladder, input.features.ends, input.now);
  }
  if (input.pool.strategy != Strategy::warm) return;
  input.residency->record(pick.replica->ref.id, input.features.ladder, input.features.ends,
                          uncached_tokens(input, pick), input.features.session, common_holders(input.pool));
  if (const std::uint64_t last = last_rung(input.features); last != 0) {
    input.residency->endings().note(
        last, {static_cast<std::uint32_t>(input.features.canonical_bytes), input.features.estimated_tokens});
  }
  input.residency->believe(pick.replica->ref.id, pick.cached, pick.age);
}

void learn(Residency& residency, const Receipt& receipt) {
  if (receipt.last_rung != 0) {
    residency.endings().told(receipt.last_rung,
                             {static_cast<std::uint32_t>(receipt.canonical_bytes), receipt.prompt_tokens});
  }
  // Of what was told the teller is responsible, not the guess of what a cache holds.
  if (!receipt.cached_tokens || receipt.expected_age == kToldAge) return;
  if (*receipt.cached_tokens < receipt.prompt_tokens) {
    residency.learn_block(receipt.replica.id, *receipt.cached_tokens);
  }
  if (receipt.known_cached != kNotKnown) residency.others().found(*receipt.cached_tokens, receipt.known_cached);
  // The prefix had to fit beside what came after it.
  residency.learn(receipt.replica.id, receipt.expected_cached, receipt.expected_age + receipt.expected_cached,
                  *receipt.cached_tokens);
}

}  // namespace wp::balance
