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
#include <span>

#include "dataplane/balance/explain.h"
#include "dataplane/balance/home.h"
#include "dataplane/balance/rung_holders.h"
#include "dataplane/balance/rung_lines.h"
#include "dataplane/balance/strategy.h"
#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

constexpr std::uint32_t kMaxHolders = 8;
constexpr std::uint8_t kRingHeads = 2;
// Up to so many replicas all are asked for what they have to do, of more a few samples.
constexpr std::size_t kAskAll = 16;
constexpr std::uint32_t kAskedOfMany = 4;
// Rungs that are asked for at once.
constexpr std::uint32_t kFirstRungs = 2;

// A token found in a cache counts for more than the time it saves: taking what another replica holds also pushes
// something out here. And while work waits everywhere, what is prefilled twice keeps all behind it waiting: the weight
// grows with the shortest queue, in prompts such as this one.
constexpr double kUncachedWeight = 1.5;
constexpr double kQueuedWeight = 4;
constexpr double kMostWeight = 8;
// A faint memory of the work given spreads conversations that are idle now and come back.
constexpr double kWorkWeight = 0.03;

struct Candidate {
  const Replica* replica;
  std::uint32_t held;  // bytes of the canonical stream that it is believed to hold
  std::uint32_t age;
  double waiting;  // before it could begin
  bool ring_first;
  bool longest;  // nobody is known to hold a longer rung
};

class Warm {
 public:
  Warm(const PickInput& input, Belief belief)
      : input_(input),
        belief_(belief),
        features_(input.features),
        residency_(*input.residency),
        lines_(features_, residency_, belief, kFirstRungs),
        total_(input.accounts.total(input.pool.id)),
        mean_weight_(static_cast<double>(input.pool.weight_sum) / static_cast<double>(input.pool.pickable.size())),
        tokens_a_byte_(static_cast<double>(features_.estimated_tokens) /
                       static_cast<double>(features_.canonical_bytes)),
        turn_(input.turn++),
        ring_home_(input, belief),
        margin_(ring_home_.margin()),
        found_(input, belief) {}

  [[nodiscard]] Pick choose();
  // It was to go by what is told, and nobody that it would weigh is heard: what it chose is nobody.
  [[nodiscard]] bool unheard() const { return unheard_; }

 private:
  [[nodiscard]] std::uint64_t ring_key();
  [[nodiscard]] const Replica* pickable(std::uint32_t replica_id) const;
  Candidate* add(const Replica& replica);
  [[nodiscard]] std::span<Candidate> candidates() { return std::span(all_).first(count_); }
  [[nodiscard]] std::span<const Candidate> candidates() const { return std::span(all_).first(count_); }
  void add_ring();
  [[nodiscard]] bool add_holders();
  void add_holders_of(const prompt::Rung& rung, std::uint32_t held, const Holders& found);
  [[nodiscard]] bool surely_cheapest(std::uint32_t others_hold) const;
  [[nodiscard]] bool may_go_on() const { return belief_ == Belief::sent && !features_.ends.empty(); }
  void go_on_from_ending();
  [[nodiscard]] const Replica* find_least_loaded();
  [[nodiscard]] bool anybody_heard() const;
  [[nodiscard]] bool is_mostly_common() const;
  void settle_home();

  [[nodiscard]] double waiting(std::uint32_t replica_id) const;
  [[nodiscard]] std::uint32_t cached_tokens(std::uint32_t held) const;
  [[nodiscard]] std::uint32_t cached_in_blocks(const Candidate& candidate) const;
  [[nodiscard]] std::uint32_t known_tokens() const;
  [[nodiscard]] double cost(const Candidate& candidate, double weight) const;
  [[nodiscard]] double least_cost(std::uint32_t held, double weight) const;
  [[nodiscard]] bool within(const Replica& replica) const { return within_bounds(input_, replica, total_); }
  [[nodiscard]] bool holds_most(const Candidate& candidate) const {
    return 2 * std::uint64_t{candidate.held} >= features_.canonical_bytes;
  }
  [[nodiscard]] Reason reason(const Candidate& candidate) const;
  [[nodiscard]] Pick pick_of(const Candidate& candidate, Reason why) const {
    return {candidate.replica, why, cached_in_blocks(candidate), candidate.age, known_tokens()};
  }
  [[nodiscard]] Pick overflow(const Candidate& cheapest) const;

  const PickInput& input_;
  Belief belief_;
  const prompt::Features& features_;
  const Residency& residency_;
  RungLines lines_;  // asked for before anything else is done
  Load total_;
  std::span<const std::uint16_t> walk_;
  std::array<Candidate, kRingHeads + kMaxHolders + 1> all_;
  std::uint32_t count_ = 0;  // of them are candidates
  std::uint32_t holders_ = 0;
  double mean_weight_;
  double tokens_a_byte_;
  std::uint32_t turn_;
  Home ring_home_;
  const Candidate* home_ = nullptr;
  double margin_;                          // of whoever is not at home, in tokens
  const prompt::Rung* longest_ = nullptr;  // that anybody holds
  std::optional<Ending> ending_;           // of the prompt that is taken to go on here, behind the longest rung
  const Candidate* holder_ = nullptr;      // the cheapest found, of those within their bounds
  RungHolders found_;
  bool unheard_ = false;
  double weight_ = kUncachedWeight;  // of a token that is not cached, as soon as the least loaded is known
};

std::uint64_t Warm::ring_key() {
  std::size_t behind = lines_.roots();
  if (behind == 0) return lines_.key_without_root();
  const std::span<const prompt::Rung> ladder = features_.ladder;
  while (behind > 0 && !found_.is_root(behind - 1)) --behind;
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
    if (all_[i].replica == &replica) return &all_[i];
  }
  if (count_ == all_.size() || is_excluded(input_, replica)) return nullptr;
  all_[count_] = {.replica = &replica, .held = 0, .age = 0, .waiting = 0, .ring_first = false, .longest = false};
  return &all_[count_++];
}

void Warm::add_ring() {
  if (!walk_.empty()) return;
  const std::uint64_t key = ring_key();
  walk_ = input_.pool.ring->order(key);
  if (input_.explanation != nullptr) {
    const KeyKind unnamed = belief_ == Belief::told ? KeyKind::derived_session : KeyKind::rung;
    input_.explanation->asked_ring(features_.session != 0 ? KeyKind::session : unnamed, key);
  }
  const std::size_t heads = std::min<std::size_t>(kRingHeads, walk_.size());
  for (std::size_t place = 0; place < heads; ++place) {
    Candidate* added = add(pickable_at(input_, walk_[place]));
    if (added == nullptr || place != 0) continue;
    added->ring_first = true;
    home_ = added;
  }
}

// Called from the longest rung to the shortest: what a replica is found to hold first is the most it holds.
void Warm::add_holders_of(const prompt::Rung& rung, std::uint32_t held, const Holders& found) {
  for (const Holder& holder : found.alive()) {
    if (holders_ == kMaxHolders) return;
    const Replica* replica = pickable(holder.replica_id);
    Candidate* candidate = replica == nullptr ? nullptr : add(*replica);
    if (candidate == nullptr || candidate->held != 0) continue;
    if (longest_ == nullptr) {
      longest_ = &rung;
      if (may_go_on()) residency_.endings().prefetch(rung.hash);
    }
    candidate->held = held;
    candidate->longest = longest_ == &rung;
    candidate->age = holder.age;
    candidate->waiting = waiting(holder.replica_id);  // which is here before the replica's own word for it
    ++holders_;
    if (!within(*replica)) continue;
    if (holder_ == nullptr || cost(*candidate, kUncachedWeight) < cost(*holder_, kUncachedWeight)) holder_ = candidate;
  }
}

// Whether the cheapest holder found is cheaper than anybody can be who holds no more than so many bytes, were it idle,
// whatever a token comes to weigh: that is known only when the least loaded is. Both costs are straight lines over the
// weight, so both ends tell.
bool Warm::surely_cheapest(std::uint32_t others_hold) const {
  if (holder_ == nullptr || input_.explanation != nullptr) return false;
  // It may have to pay yet; and only of who holds most the reason is the same wherever its place is.
  if ((holder_ == home_ || walk_.empty()) && !holds_most(*holder_)) return false;
  return cost(*holder_, kUncachedWeight) < least_cost(others_hold, kUncachedWeight) &&
         cost(*holder_, kMostWeight) < least_cost(others_hold, kMostWeight);
}

// True: the only holder found is the one, and nobody else needs to be looked at.
bool Warm::add_holders() {
  const std::size_t most = std::min<std::size_t>(kMaxHolders, input_.pool.pickable.size());
  Descent rungs(features_);
  for (std::uint32_t looks = 0; holders_ < most && !rungs.done(); ++looks) {
    const prompt::Rung& rung = rungs.next();
    const std::uint32_t held = rungs.in_ladder() ? found_.held_at(rungs.index()) : rung.end;
    if (surely_cheapest(found_.most_held(rungs, held))) {
      if (holders_ == 1) return true;
      break;
    }
    if (looks == 1) {
      if (walk_.empty()) lines_.ask_ring(*input_.pool.ring);
      lines_.ask_rest();
    }
    const bool found_before = longest_ != nullptr;
    if (rungs.in_ladder()) {
      add_holders_of(rung, held, found_.at(rungs.index()));
    } else {
      add_holders_of(rung, held, found_.of(rung));
    }
    if (!found_before) go_on_from_ending();
  }
  return holders_ == 1 && rungs.done() && surely_cheapest(0);
}

// A prompt that ended behind the longest rung is taken to be the one that goes on here: of a text that grows, all of it
// comes again. Where that end is among those of the turns it would have been found, had it gone on; and behind what
// everybody sends nobody knows whose end it was.
void Warm::go_on_from_ending() {
  if (longest_ == nullptr || !may_go_on()) return;
  const std::optional<Ending> found = residency_.endings().find(longest_->hash);
  if (!found || found->bytes < longest_->end || found->bytes >= features_.ends.front().end) return;
  if (residency_.may_be_common(longest_->hash)) return;
  ending_ = found;
  for (Candidate& candidate : candidates()) {
    if (candidate.longest) candidate.held = found->bytes;
  }
}

const Replica* Warm::find_least_loaded() {
  const auto size = static_cast<std::uint32_t>(input_.pool.pickable.size());
  const bool all = size <= kAskAll;
  const std::uint32_t start = turn_ % size;
  const Replica* least = nullptr;
  double least_waiting = 0;
  for (std::uint32_t i = 0; i < (all ? size : kAskedOfMany); ++i) {
    const Replica& replica = pickable_at(input_, all ? (start + i) % size : input_.rng.below(size));
    if (is_excluded(input_, replica)) continue;
    const double one = waiting(replica.ref.id) / static_cast<double>(replica.weight);
    if (least != nullptr && one >= least_waiting) continue;
    least = &replica;
    least_waiting = one;
  }
  if (least == nullptr) return nullptr;
  const double prompt = features_.estimated_tokens + input_.accounts.pace(least->ref.id).overhead();
  const double prompts = input_.accounts.queue(least->ref.id, input_.now) / prompt;
  weight_ = std::min(kMostWeight, kUncachedWeight + kQueuedWeight * prompts);
  return least;
}

bool Warm::anybody_heard() const {
  return std::ranges::any_of(candidates(), [this](const Candidate& candidate) {
    return residency_.told().heard(candidate.replica->ref.id, input_.now);
  });
}

bool Warm::is_mostly_common() const {
  if (longest_ == nullptr || !residency_.may_be_common(longest_->hash)) return false;
  return std::ranges::any_of(candidates(), [this](const Candidate& candidate) { return holds_most(candidate); });
}

// A prompt that is new to its home finds another where that was given too much. Not one that is little but what
// everybody sends, of which the ring's places get that, too, and few have it otherwise.
void Warm::settle_home() {
  if (home_ == nullptr || margin_ == 0 || !ring_home_.overworked(*home_->replica)) return;
  if (holds_most(*home_) || is_mostly_common()) return;
  const auto next = std::ranges::find(candidates(), &pickable_at(input_, walk_[1]), &Candidate::replica);
  if (next != candidates().end() && !ring_home_.overworked(*next->replica)) {
    home_ = &*next;
  } else {
    margin_ = 0;
  }
}

double Warm::waiting(std::uint32_t replica_id) const {
  const double work = input_.accounts.pace(replica_id).work(input_.now);
  const double others = input_.accounts.reports().others(replica_id, input_.now);
  return input_.accounts.queue(replica_id, input_.now) + others + kWorkWeight * work;
}

std::uint32_t Warm::cached_tokens(std::uint32_t held) const {
  return static_cast<std::uint32_t>(static_cast<double>(held) * tokens_a_byte_);
}

// A cache holds whole blocks.
std::uint32_t Warm::cached_in_blocks(const Candidate& candidate) const {
  const std::uint32_t cached = cached_tokens(candidate.held);
  if (belief_ == Belief::told) return cached;
  const std::uint32_t held = ending_ && candidate.longest ? ending_->tokens : cached;
  return cached - std::min(cached, held & (residency_.block_tokens(candidate.replica->ref.id) - 1));
}

// What anybody may hold of the prompt of all that was sent from here. Behind the turn that a replica was asked last
// comes what it wrote itself.
std::uint32_t Warm::known_tokens() const {
  if (belief_ == Belief::told) return kNotKnown;
  std::uint32_t known = 0;
  for (const Candidate& candidate : candidates()) known = std::max(known, candidate.held);
  if (features_.ends.size() > 1) {
    const auto next = std::ranges::upper_bound(features_.ends, known, {}, &prompt::Rung::end);
    if (next != features_.ends.end()) known = next->end;
  }
  return cached_tokens(known);
}

// In tokens of a replica of the pool's mean weight.
double Warm::cost(const Candidate& candidate, double weight) const {
  const double uncached = static_cast<double>(features_.estimated_tokens - cached_tokens(candidate.held));
  const double margin = &candidate == home_ ? 0 : margin_;
  return (weight * uncached + margin + candidate.waiting) * mean_weight_ /
         static_cast<double>(candidate.replica->weight);
}

// Of any replica that holds no more than that: the same, rounded the same way, of one that has nothing else to pay.
double Warm::least_cost(std::uint32_t held, double weight) const {
  const double uncached = static_cast<double>(features_.estimated_tokens - cached_tokens(held));
  return weight * uncached * mean_weight_ / static_cast<double>(input_.pool.heaviest);
}

Reason Warm::reason(const Candidate& candidate) const {
  if (candidate.ring_first && features_.session != 0) return Reason::session;
  if (holds_most(candidate)) return Reason::resident;
  return candidate.ring_first ? Reason::prefix : Reason::cold;
}

// Every candidate is over a bound.
Pick Warm::overflow(const Candidate& cheapest) const {
  for (const std::uint16_t member : walk_) {
    const Replica& replica = pickable_at(input_, member);
    if (!is_excluded(input_, replica) && within(replica)) return {&replica, Reason::spill, 0, 0, known_tokens()};
  }
  return pick_of(cheapest, Reason::saturated);
}

Pick Warm::choose() {
  // Where nobody named a session, whoever is surely the cheapest is so at home or not: the ring need not be asked.
  if (features_.session != 0 || belief_ == Belief::told || input_.explanation != nullptr) add_ring();
  if (add_holders()) return pick_of(*holder_, reason(*holder_));
  add_ring();
  if (const Replica* least = find_least_loaded(); least != nullptr) add(*least);
  if (count_ == 0) return Pick{};
  unheard_ = belief_ == Belief::told && !anybody_heard();
  if (unheard_) return Pick{};
  settle_home();

  const Candidate* cheapest = nullptr;  // of all
  const Candidate* best = nullptr;      // of those within their bounds
  double cheapest_cost = 0;
  double best_cost = 0;
  for (Candidate& candidate : candidates()) {
    if (candidate.held == 0) candidate.waiting = waiting(candidate.replica->ref.id);
    const double expected = cost(candidate, weight_);
    if (input_.explanation != nullptr) {
      input_.explanation->weighed(*candidate.replica, {cached_tokens(candidate.held), candidate.waiting, expected});
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
  return pick_of(*best, best == cheapest ? reason(*best) : Reason::spill);
}

}  // namespace

std::optional<Pick> pick_by_told(const PickInput& input) {
  WP_ASSERT(input.residency != nullptr && input.pool.ring != nullptr && !input.features.ladder.empty());
  Warm told(input, Belief::told);
  const Pick pick = told.choose();
  return told.unheard() ? std::nullopt : std::optional(pick);
}

Pick pick_warm(const PickInput& input) {
  // Nothing to be recognised by.
  if (input.features.ladder.empty()) return pick_prefix(input);
  WP_ASSERT(input.residency != nullptr && input.pool.ring != nullptr);
  return Warm(input, Belief::sent).choose();
}

}  // namespace wp::balance
