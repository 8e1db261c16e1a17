#include "dataplane/balance/explain.h"

#include <algorithm>

namespace wp::balance {
namespace {

// With the walk first, whatever the strategy weighed first.
void add_walk(const PickInput& input, Explanation& told) {
  if (input.pool.ring == nullptr || told.key_kind == KeyKind::none || input.pool.pickable.empty()) return;
  std::vector<Considered> walk;
  for (const std::uint16_t member : input.pool.ring->order(told.key)) {
    Considered& entry = walk.emplace_back();
    entry.replica = &input.snapshot.replicas[input.pool.pickable[member]];
    entry.place = walk.size() - 1;
  }
  for (const Considered& weighed : told.considered) {
    const auto same = std::ranges::find(walk, weighed.replica, &Considered::replica);
    if (same == walk.end()) {
      walk.push_back(weighed);
    } else {
      same->estimate = weighed.estimate;
    }
  }
  told.considered = std::move(walk);
}

void add_others(const PickInput& input, Explanation& told) {
  for (const std::uint16_t member : input.pool.members) {
    const Replica& replica = input.snapshot.replicas[member];
    const bool there = std::ranges::find(told.considered, &replica, &Considered::replica) != told.considered.end();
    if (there) continue;
    if (told.considered.size() >= Explanation::kMost && told.pick.replica != &replica) {
      ++told.left_out;
    } else {
      told.considered.push_back({.replica = &replica});
    }
  }
}

}  // namespace

std::string_view word(KeyKind kind) {
  switch (kind) {
    case KeyKind::none: return "none";
    case KeyKind::session: return "session";
    case KeyKind::derived_session: return "derived_session";
    case KeyKind::first_chunk: return "first_chunk";
    case KeyKind::rung: return "rung";
  }
  return "?";
}

Considered& Explanation::at(const Replica& replica) {
  const auto found = std::ranges::find(considered, &replica, &Considered::replica);
  return found != considered.end() ? *found : considered.emplace_back(Considered{.replica = &replica});
}

Explanation explain(PickInput input) {
  Explanation told;
  // The only replica is taken without a look at the ring, which is shown all the same.
  if (input.pool.ring != nullptr && input.features.session != 0) {
    told.asked_ring(KeyKind::session, input.features.session);
  } else if ((input.pool.strategy == Strategy::session || input.pool.strategy == Strategy::kv) &&
             input.features.derived_session != 0) {
    told.asked_ring(KeyKind::derived_session, input.features.derived_session);
  } else if (input.pool.ring != nullptr && input.features.first_chunk != 0) {
    told.asked_ring(KeyKind::first_chunk, input.features.first_chunk);
  }
  input.explanation = &told;
  told.pick = pick(input);
  add_walk(input, told);
  add_others(input, told);
  const Load total = input.accounts.total(input.pool.id);
  for (Considered& entry : told.considered) {
    entry.load = input.accounts.load(entry.replica->ref.id);
    entry.bound = Accounts::bound(input.pool.bounds, total, entry.replica->weight, input.pool.weight_sum);
    entry.within = entry.load.prefill <= entry.bound.prefill && entry.load.streams <= entry.bound.streams;
  }
  return told;
}

}  // namespace wp::balance
