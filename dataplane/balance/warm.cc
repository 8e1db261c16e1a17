// warm: among the replicas that hold the longest part of the prompt, the ring's first and the least loaded, the one of
// the lowest expected cost, which is what it would have to prefill and what it has to do before.
//
// A prompt begins with what everybody sends (the root: system prompt, tools), goes on with what few share, and ends in
// its own. The root is learned: it ends at the deepest rung behind which many conversations part, or which most
// replicas hold anyway. The ring is asked with the session key, or with the first rung behind the root: asked with the
// beginning of the prompt it would send everybody to one place.
//
// `kv` (kv.cc) weighs the same by what was told, which says nothing of roots: it asks the ring with the session alone,
// and prefers its place only where one was named.

#include <algorithm>
#include <array>
#include <cmath>

#include "dataplane/balance/explain.h"
#include "dataplane/balance/strategy.h"
#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

// A rung behind which so many conversations part is everybody's, as is one that so large a part of the replicas hold,
// or as many as a line can name.
constexpr std::uint32_t kRootFanOut = 10;
constexpr double kRootShare = 0.75;
constexpr std::uint32_t kMaxHolders = 8;
constexpr std::uint8_t kRingHeads = 2;
// Up to so many replicas all are asked for what they have to do, of more a few samples.
constexpr std::size_t kAskAll = 16;
constexpr std::uint32_t kAskedOfMany = 4;

// A token found in a cache counts for more than the time it saves: taking what another replica holds also pushes
// something out here. And while work waits everywhere, what is prefilled twice keeps all behind it waiting: the weight
// grows with the shortest queue, in prompts such as this one.
constexpr double kUncachedWeight = 1.5;
constexpr double kQueuedWeight = 4;
constexpr double kMostWeight = 8;
// A faint memory of the work given spreads conversations that are idle now and come back.
constexpr double kWorkWeight = 0.03;
// Whoever is not the ring's first pays as if it had to prefill a quarter of the prompt more. Gateways that do not talk
// agree by that, and one that starts anew finds what it knew. Where a session key was sent, somebody wants it kept
// together however short its prompts are: a few tokens more.
constexpr double kHomeMargin = 0.4;
constexpr double kSessionMargin = 256;

struct Candidate {
  const Replica* replica = nullptr;
  std::uint32_t held = 0;  // bytes of the canonical stream that it is believed to hold
  std::uint32_t age = 0;
  bool ring_first = false;
};

class Warm {
 public:
  Warm(const PickInput& input, Belief belief)
      : input_(input),
        belief_(belief),
        features_(input.features),
        residency_(*input.residency),
        total_(input.accounts.total(input.pool.id)) {
    const double most = kRootShare * static_cast<double>(input.pool.pickable.size());
    root_holders_ = std::ceil(std::max(2.0, std::min(most, double{Residency::kWays})));
  }

  [[nodiscard]] std::optional<Pick> choose();

 private:
  [[nodiscard]] const Holders& holders_of_rung(std::size_t index);
  [[nodiscard]] Holders holders_of(const prompt::Rung& rung) const;
  [[nodiscard]] bool is_root(std::size_t index);
  [[nodiscard]] std::uint64_t ring_key();
  [[nodiscard]] const Replica* pickable(std::uint32_t replica_id) const;
  Candidate* add(const Replica& replica);
  void add_ring();
  void add_holders();
  void add_holders_of(const prompt::Rung& rung, const Holders& found);
  void add_least_loaded();
  [[nodiscard]] bool anybody_heard() const;

  [[nodiscard]] double waiting(const Replica& replica) const;
  [[nodiscard]] std::uint32_t cached_tokens(const Candidate& candidate) const;
  [[nodiscard]] double cost(const Candidate& candidate) const;
  [[nodiscard]] bool within(const Replica& replica) const { return within_bounds(input_, replica, total_); }
  [[nodiscard]] Reason reason(const Candidate& candidate) const;
  [[nodiscard]] Pick overflow(const Candidate& cheapest) const;

  const PickInput& input_;
  Belief belief_;
  const prompt::Features& features_;
  const Residency& residency_;
  Load total_;
  std::span<const std::uint16_t> walk_;
  std::array<Candidate, kRingHeads + kMaxHolders + 1> candidates_;
  std::uint32_t count_ = 0;
  std::uint32_t holders_ = 0;
  double root_holders_;  // that make a rung everybody's
  // Of the ladder's rungs, those looked up: both the ring's key and the candidates come from them.
  std::array<Holders, prompt::kMaxRungs> found_;
  std::uint64_t looked_up_ = 0;
  static_assert(prompt::kMaxRungs <= 64);
  double weight_ = kUncachedWeight;  // of a token that is not cached
};

Holders Warm::holders_of(const prompt::Rung& rung) const {
  if (belief_ == Belief::told) return residency_.told().holders(rung.hash, input_.now);
  return residency_.holders(rung.hash, rung.end / prompt::kBytesPerToken);
}

const Holders& Warm::holders_of_rung(std::size_t index) {
  const std::uint64_t bit = std::uint64_t{1} << index;
  if ((looked_up_ & bit) == 0) found_[index] = holders_of(features_.ladder[index]);
  looked_up_ |= bit;
  return found_[index];
}

bool Warm::is_root(std::size_t index) {
  if (residency_.fan_out(features_.ladder[index].hash) >= kRootFanOut) return true;
  return holders_of_rung(index).count >= root_holders_;
}

std::uint64_t Warm::ring_key() {
  if (features_.session != 0) return features_.session;
  if (belief_ == Belief::told) return features_.derived_session;
  const std::span<const prompt::Rung> ladder = features_.ladder;
  std::size_t behind = ladder.size();
  while (behind > 0 && !is_root(behind - 1)) --behind;
  return ladder[std::min(behind, ladder.size() - 1)].hash;
}

const Replica* Warm::pickable(std::uint32_t replica_id) const {
  const Snapshot& snapshot = input_.snapshot;
  if (replica_id >= snapshot.by_id.size()) return nullptr;
  const std::uint16_t index = snapshot.by_id[replica_id];
  if (index == kNoReplica || !input_.pool.is_pickable(index)) return nullptr;
  return &snapshot.replicas[index];
}

// The candidate of that replica, which is one from now on; nullptr when it may not be.
Candidate* Warm::add(const Replica& replica) {
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (candidates_[i].replica == &replica) return &candidates_[i];
  }
  if (count_ == candidates_.size() || is_excluded(input_, replica)) return nullptr;
  candidates_[count_] = {.replica = &replica};
  return &candidates_[count_++];
}

void Warm::add_ring() {
  const std::uint64_t key = ring_key();
  walk_ = input_.pool.ring->order(key);
  if (input_.explanation != nullptr) {
    const KeyKind unnamed = belief_ == Belief::told ? KeyKind::derived_session : KeyKind::rung;
    input_.explanation->asked_ring(features_.session != 0 ? KeyKind::session : unnamed, key);
  }
  const std::size_t heads = std::min<std::size_t>(kRingHeads, walk_.size());
  for (std::size_t place = 0; place < heads; ++place) {
    Candidate* added = add(pickable_at(input_, walk_[place]));
    if (added != nullptr) added->ring_first = place == 0;
  }
}

// Called from the longest rung to the shortest: what a replica is found to hold first is the most it holds.
void Warm::add_holders_of(const prompt::Rung& rung, const Holders& found) {
  for (const Holder& holder : found.alive()) {
    if (holders_ == kMaxHolders) return;
    const Replica* replica = pickable(holder.replica_id);
    Candidate* candidate = replica == nullptr ? nullptr : add(*replica);
    if (candidate == nullptr || candidate->held != 0) continue;
    candidate->held = rung.end;
    candidate->age = holder.age;
    ++holders_;
  }
}

void Warm::add_holders() {
  std::size_t rung = features_.ladder.size();
  std::size_t end = features_.ends.size();
  const std::size_t most = std::min<std::size_t>(kMaxHolders, input_.pool.pickable.size());
  while (holders_ < most && rung + end > 0) {
    const bool take_end = end > 0 && (rung == 0 || features_.ends[end - 1].end >= features_.ladder[rung - 1].end);
    if (take_end) {
      --end;
      add_holders_of(features_.ends[end], holders_of(features_.ends[end]));
    } else {
      --rung;
      add_holders_of(features_.ladder[rung], holders_of_rung(rung));
    }
  }
}

void Warm::add_least_loaded() {
  const auto size = static_cast<std::uint32_t>(input_.pool.pickable.size());
  const bool all = size <= kAskAll;
  const std::uint32_t start = input_.turn++ % size;
  const Replica* least = nullptr;
  double least_waiting = 0;
  for (std::uint32_t i = 0; i < (all ? size : kAskedOfMany); ++i) {
    const Replica& replica = pickable_at(input_, all ? (start + i) % size : input_.rng.below(size));
    if (is_excluded(input_, replica)) continue;
    const double one = waiting(replica) / static_cast<double>(replica.weight);
    if (least != nullptr && one >= least_waiting) continue;
    least = &replica;
    least_waiting = one;
  }
  if (least == nullptr) return;
  add(*least);
  const double prompt = features_.estimated_tokens + input_.accounts.pace(least->ref.id).overhead();
  const double prompts = input_.accounts.queue(least->ref.id, input_.now) / prompt;
  weight_ = std::min(kMostWeight, kUncachedWeight + kQueuedWeight * prompts);
}

bool Warm::anybody_heard() const {
  const auto heard = [this](const Candidate& candidate) {
    return residency_.told().heard(candidate.replica->ref.id, input_.now);
  };
  return std::any_of(candidates_.begin(), candidates_.begin() + count_, heard);
}

double Warm::waiting(const Replica& replica) const {
  const double work = input_.accounts.pace(replica.ref.id).work(input_.now);
  const double others = input_.accounts.reports().others(replica.ref.id, input_.now);
  return input_.accounts.queue(replica.ref.id, input_.now) + others + kWorkWeight * work;
}

std::uint32_t Warm::cached_tokens(const Candidate& candidate) const {
  const double share = static_cast<double>(candidate.held) / static_cast<double>(features_.canonical_bytes);
  return static_cast<std::uint32_t>(share * features_.estimated_tokens);
}

// In tokens of a replica of the pool's mean weight.
double Warm::cost(const Candidate& candidate) const {
  const double uncached = static_cast<double>(features_.estimated_tokens - cached_tokens(candidate));
  const double mean = static_cast<double>(input_.pool.weight_sum) / static_cast<double>(input_.pool.pickable.size());
  double margin = 0;
  // Gateways that are told the same agree by that. A session that somebody named has its place all the same.
  const bool has_home = belief_ == Belief::sent || features_.session != 0;
  if (has_home && !candidate.ring_first) {
    margin = kHomeMargin * features_.estimated_tokens + (features_.session != 0 ? kSessionMargin : 0);
  }
  return (weight_ * uncached + margin + waiting(*candidate.replica)) * mean /
         static_cast<double>(candidate.replica->weight);
}

Reason Warm::reason(const Candidate& candidate) const {
  if (candidate.ring_first && features_.session != 0) return Reason::session;
  if (2 * std::uint64_t{candidate.held} >= features_.canonical_bytes) return Reason::resident;
  return candidate.ring_first ? Reason::prefix : Reason::cold;
}

// Every candidate is over a bound.
Pick Warm::overflow(const Candidate& cheapest) const {
  for (const std::uint16_t member : walk_) {
    const Replica& replica = pickable_at(input_, member);
    if (!is_excluded(input_, replica) && within(replica)) return {&replica, Reason::spill};
  }
  return {cheapest.replica, Reason::saturated, cached_tokens(cheapest), cheapest.age};
}

std::optional<Pick> Warm::choose() {
  if (belief_ == Belief::told) {
    residency_.told().prefetch(features_.ladder, features_.ends);
  } else {
    residency_.prefetch(features_.ladder, features_.ends);
  }
  add_ring();
  add_holders();
  add_least_loaded();
  if (count_ == 0) return Pick{};
  if (belief_ == Belief::told && !anybody_heard()) return {};

  const Candidate* cheapest = nullptr;  // of all
  const Candidate* best = nullptr;      // of those within their bounds
  double cheapest_cost = 0;
  double best_cost = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    const Candidate& candidate = candidates_[i];
    const double expected = cost(candidate);
    if (input_.explanation != nullptr) {
      input_.explanation->weighed(*candidate.replica,
                                  {cached_tokens(candidate), waiting(*candidate.replica), expected});
    }
    if (cheapest == nullptr || expected < cheapest_cost) {
      cheapest = &candidate;
      cheapest_cost = expected;
    }
    if ((best != nullptr && expected >= best_cost) || !within(*candidate.replica)) continue;
    best = &candidate;
    best_cost = expected;
  }
  if (best == nullptr) return overflow(*cheapest);
  return Pick{best->replica, best == cheapest ? reason(*best) : Reason::spill, cached_tokens(*best), best->age};
}

}  // namespace

std::optional<Pick> pick_by_cost(const PickInput& input, Belief belief) {
  WP_ASSERT(input.residency != nullptr && input.pool.ring != nullptr && !input.features.ladder.empty());
  return Warm(input, belief).choose();
}

Pick pick_warm(const PickInput& input) {
  // Nothing to be recognised by.
  if (input.features.ladder.empty()) return pick_prefix(input);
  return *pick_by_cost(input, Belief::sent);
}

}  // namespace wp::balance
