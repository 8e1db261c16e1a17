#include "dataplane/balance/ring_builder.h"

#include <algorithm>
#include <utility>

#include "dataplane/balance/ring_score.h"
#include "dataplane/base/assert.h"
#include "dataplane/base/rng.h"

namespace wp::balance {
namespace {

constexpr unsigned kPlaceBits = 16;
static_assert(kScoreBits + kPlaceBits == 64);

constexpr std::uint16_t place_of(std::uint64_t entry) {
  return static_cast<std::uint16_t>(entry);
}

}  // namespace

RingBuilder::RingBuilder(std::uint32_t slots) : slots_(slots), rows_(std::size_t{slots} * kRingDepth, kNobody) {
  WP_ASSERT(slots > 0);
}

bool RingBuilder::add(RingMember member) {
  if (members() == kMaxRingMembers || by_identity_.contains(member.identity)) return false;
  offer_everywhere(enter(member));
  return true;
}

bool RingBuilder::remove(std::uint64_t identity) {
  const auto found = by_identity_.find(identity);
  if (found == by_identity_.end()) return false;
  const std::uint16_t place = found->second;
  leave(identity);
  forget(place);
  return true;
}

bool RingBuilder::set_weight(std::uint64_t identity, std::uint32_t weight) {
  const auto found = by_identity_.find(identity);
  if (found == by_identity_.end()) return false;
  if (places_[found->second].weight != weight) reweigh(found->second, weight);
  return true;
}

bool RingBuilder::assign(std::span<const RingMember> members) {
  std::unordered_map<std::uint64_t, std::uint32_t> wanted;
  for (const RingMember& member : members) wanted.emplace(member.identity, member.weight);
  if (wanted.size() != members.size() || members.size() > kMaxRingMembers) return false;

  std::vector<std::uint64_t> gone;
  std::size_t reweighed = 0;
  for (const auto& [identity, place] : by_identity_) {
    const auto found = wanted.find(identity);
    if (found == wanted.end()) {
      gone.push_back(identity);
    } else if (places_[place].weight != found->second) {
      ++reweighed;
    }
  }
  const std::size_t added = members.size() + gone.size() - by_identity_.size();
  const bool from_scratch = (gone.size() + reweighed) * kRingDepth + added >= members.size();
  if (gone.empty() && reweighed == 0 && added == 0) return true;

  for (const std::uint64_t identity : gone) {
    if (from_scratch) {
      leave(identity);
    } else {
      static_cast<void>(remove(identity));
    }
  }
  for (const RingMember& member : members) {
    const auto found = by_identity_.find(member.identity);
    if (!from_scratch) {
      static_cast<void>(found == by_identity_.end() ? add(member) : set_weight(member.identity, member.weight));
    } else if (found == by_identity_.end()) {
      static_cast<void>(enter(member));
    } else {
      WP_ASSERT(member.weight >= 1 && member.weight <= kMaxWeight);
      places_[found->second].weight = member.weight;
    }
  }
  if (from_scratch) fill_all();
  return true;
}

std::shared_ptr<const Ring> RingBuilder::build() {
  if (built_ != nullptr) return built_;
  std::vector<std::pair<std::uint64_t, std::uint16_t>> sorted(by_identity_.begin(), by_identity_.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::uint16_t> index(places_.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) index[sorted[i].second] = static_cast<std::uint16_t>(i);

  auto ring = std::make_shared<Ring>();
  ring->slots_ = slots_;
  ring->members_ = members();
  ring->depth_ = std::min(kRingDepth, members());
  ring->order_.reserve(std::size_t{slots_} * ring->depth_);
  for (std::size_t row = 0; row < rows_.size(); row += kRingDepth) {
    for (std::size_t i = row; i < row + ring->depth_; ++i) ring->order_.push_back(index[place_of(rows_[i])]);
  }
  built_ = std::move(ring);
  return built_;
}

std::uint16_t RingBuilder::enter(RingMember member) {
  WP_ASSERT(member.weight >= 1 && member.weight <= kMaxWeight);
  std::uint16_t place = 0;
  if (free_.empty()) {
    place = static_cast<std::uint16_t>(places_.size());
    places_.push_back(member);
  } else {
    place = free_.back();
    free_.pop_back();
    places_[place] = member;
  }
  by_identity_.emplace(member.identity, place);
  built_ = nullptr;
  return place;
}

void RingBuilder::leave(std::uint64_t identity) {
  const auto found = by_identity_.find(identity);
  places_[found->second].weight = 0;
  free_.push_back(found->second);
  by_identity_.erase(found);
  built_ = nullptr;
}

RingBuilder::Entry RingBuilder::entry(std::uint64_t slot_seed, std::uint16_t place) const {
  const RingMember& member = places_[place];
  return (ring_score(ring_hash(slot_seed, member.identity), member.weight) << kPlaceBits) | place;
}

// Places depend on the history of changes, so they must not decide between equal scores.
bool RingBuilder::before(Entry a, Entry b) const {
  if (((a ^ b) >> kPlaceBits) != 0) return a < b;
  return places_[place_of(a)].identity < places_[place_of(b)].identity;
}

void RingBuilder::offer(Entry* row, Entry candidate) const {
  if (!before(candidate, row[kRingDepth - 1])) return;
  std::uint32_t at = kRingDepth - 1;
  for (; at > 0 && before(candidate, row[at - 1]); --at) row[at] = row[at - 1];
  row[at] = candidate;
}

void RingBuilder::fill(std::uint32_t slot) {
  Entry* row = &rows_[std::size_t{slot} * kRingDepth];
  std::fill_n(row, kRingDepth, kNobody);
  const std::uint64_t seed = mix64(slot);
  const auto places = static_cast<std::uint32_t>(places_.size());
  for (std::uint32_t place = 0; place < places; ++place) {
    if (places_[place].weight != 0) offer(row, entry(seed, static_cast<std::uint16_t>(place)));
  }
}

void RingBuilder::fill_all() {
  for (std::uint32_t slot = 0; slot < slots_; ++slot) fill(slot);
  built_ = nullptr;
}

bool RingBuilder::holds(std::uint32_t slot, std::uint16_t place) const {
  const Entry* row = &rows_[std::size_t{slot} * kRingDepth];
  return std::any_of(row, row + kRingDepth, [&](Entry e) { return e != kNobody && place_of(e) == place; });
}

// The place is free already: rows that still name it are filled again, which also finds who comes behind the last.
void RingBuilder::forget(std::uint16_t place) {
  for (std::uint32_t slot = 0; slot < slots_; ++slot) {
    if (holds(slot, place)) fill(slot);
  }
}

void RingBuilder::offer_everywhere(std::uint16_t place) {
  for (std::uint32_t slot = 0; slot < slots_; ++slot) {
    offer(&rows_[std::size_t{slot} * kRingDepth], entry(mix64(slot), place));
  }
}

void RingBuilder::reweigh(std::uint16_t place, std::uint32_t weight) {
  WP_ASSERT(weight >= 1 && weight <= kMaxWeight);
  places_[place].weight = weight;
  for (std::uint32_t slot = 0; slot < slots_; ++slot) {
    if (holds(slot, place)) {
      fill(slot);
    } else {
      offer(&rows_[std::size_t{slot} * kRingDepth], entry(mix64(slot), place));
    }
  }
  built_ = nullptr;
}

}  // namespace wp::balance
