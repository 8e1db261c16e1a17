#include "dataplane/balance/residency.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <utility>

#include "dataplane/balance/residency_entry.h"
#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

// Entries and clocks stand for themselves; nothing is concluded from one about another.
constexpr auto kEntryOrder = std::memory_order_relaxed;

// An entry is refreshed once it has aged by so much of the cache, or by so many ticks of an endless one: a line that
// every shard reads stays in every core's cache meanwhile.
constexpr std::uint32_t kRefreshShare = 32;
constexpr std::uint32_t kRefreshTicks = 64;

// Fewer tokens may be a block's rounding.
constexpr std::uint32_t kTellingTokens = 256;
// Of a capacity that is learned: no engine's cache is smaller, and one reply moves it by so much of the way.
constexpr std::uint64_t kLeastCapacity = 8'192;
constexpr std::uint64_t kLearnShare = 8;

// Of tokens that a replica finds in its cache, how many count as if they had come anew: they are the last now to go,
// and what else it has goes before them.
constexpr std::uint64_t kTouchedPercent = 30;

// A fan-out entry: tag above, then one bit for each class of children seen.
constexpr std::uint32_t kFanBits = 48;
constexpr std::uint64_t kFanMask = (std::uint64_t{1} << kFanBits) - 1;

std::uint64_t fan_tag_of(std::uint64_t hash) {
  return std::max<std::uint64_t>(1, hash >> kFanBits);
}

// Children behind a rung, by how many of the classes were seen: linear counting (Whang, Vander-Zanden, Taylor 1990).
const std::array<std::uint8_t, kFanBits + 1> kChildren = [] {
  std::array<std::uint8_t, kFanBits + 1> table{};
  for (std::size_t seen = 0; seen < table.size(); ++seen) {
    const double unseen = std::max(static_cast<double>(kFanBits - seen), 1.0);
    table[seen] = static_cast<std::uint8_t>(std::lround(-double{kFanBits} * std::log(unseen / kFanBits)));
  }
  return table;
}();

// Which entries of a line have `tag` above their lowest `low` bits: bit i stands for entry i. Most have not, so all are
// compared before any is looked into.
template <std::size_t N>
std::uint32_t with_tag(const std::array<std::atomic<std::uint64_t>, N>& entries, std::uint64_t tag, std::uint64_t low) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (... | (std::uint32_t{entries[I].load(kEntryOrder) >> low == tag} << I));
  }(std::make_index_sequence<N>{});
}

}  // namespace

Residency::Residency(std::uint32_t lines, std::uint32_t max_replicas, std::uint32_t told_lines)
    : mask_(std::bit_ceil(std::max(lines, 1U)) - 1),
      max_replicas_(max_replicas),
      holders_(std::make_unique<Line[]>(std::size_t{mask_} + 1)),
      fans_(std::make_unique<Line[]>(std::size_t{mask_} + 1)),
      clocks_(std::make_unique<Clock[]>(max_replicas)),
      told_(told_lines, max_replicas) {
  WP_ASSERT(max_replicas <= kMaxReplicas);
}

void Residency::prefetch(std::span<const prompt::Rung> ladder, std::span<const prompt::Rung> ends) const {
  for (const prompt::Rung& rung : ladder) {
    __builtin_prefetch(&holders_[rung.hash & mask_]);
    __builtin_prefetch(&fans_[rung.hash & mask_]);
  }
  for (const prompt::Rung& end : ends) __builtin_prefetch(&holders_[end.hash & mask_]);
}

Holders Residency::holders(std::uint64_t hash, std::uint32_t tokens) const {
  const auto& entries = holders_[hash & mask_].entries;
  Holders found;
  found.count = 0;
  for (std::uint32_t left = with_tag(entries, HolderEntry::tag_of(hash), HolderEntry::kLowTag); left != 0;
       left &= left - 1) {
    const std::uint64_t entry = entries[static_cast<std::size_t>(std::countr_zero(left))].load(kEntryOrder);
    std::uint32_t age = 0;
    if (alive(entry, age, tokens)) found.all[found.count++] = {HolderEntry::replica(entry), age * kTokensPerTick};
  }
  return found;
}

std::uint32_t Residency::fan_out(std::uint64_t hash) const {
  const auto& entries = fans_[hash & mask_].entries;
  const std::uint32_t found = with_tag(entries, fan_tag_of(hash), kFanBits);
  if (found == 0) return 0;
  const std::uint64_t entry = entries[static_cast<std::size_t>(std::countr_zero(found))].load(kEntryOrder);
  return kChildren[static_cast<std::size_t>(std::popcount(entry & kFanMask))];
}

void Residency::hold(std::uint64_t hash, std::uint32_t replica_id) {
  const std::uint64_t tag = HolderEntry::tag_of(hash);
  const Clock& clock = clocks_[replica_id];
  const std::uint64_t entry = HolderEntry::make(tag, replica_id, clock.epoch.load(kEntryOrder), tick(clock));
  auto& entries = holders_[hash & mask_].entries;
  const std::uint32_t found = with_tag(entries, entry >> HolderEntry::kLowReplica, HolderEntry::kLowReplica);
  if (found == 0) return oldest_of(entries).store(entry, kEntryOrder);
  auto& slot = entries[static_cast<std::size_t>(std::countr_zero(found))];
  const std::uint64_t most = capacity(clock);
  const std::uint64_t fresh = most == 0 ? kRefreshTicks : most / kTokensPerTick / kRefreshShare;
  std::uint32_t age = 0;
  if (!alive(slot.load(kEntryOrder), age) || age > fresh) slot.store(entry, kEntryOrder);
}

// What is not alive is taken before what is, then the oldest.
std::atomic<std::uint64_t>& Residency::oldest_of(Entries& entries) const {
  std::atomic<std::uint64_t>* victim = nullptr;
  std::uint64_t oldest = 0;
  for (auto& slot : entries) {
    const std::uint64_t there = slot.load(kEntryOrder);
    std::uint32_t age = 0;
    if (there == 0 || !alive(there, age)) return slot;
    if (victim != nullptr && age <= oldest) continue;
    oldest = age;
    victim = &slot;
  }
  return *victim;
}

void Residency::add_child(std::uint64_t parent, std::uint64_t child) {
  const std::uint64_t tag = fan_tag_of(parent);
  const std::uint64_t bit = std::uint64_t{1} << (child % kFanBits);
  auto& entries = fans_[parent & mask_].entries;
  if (const std::uint32_t found = with_tag(entries, tag, kFanBits); found != 0) {
    auto& slot = entries[static_cast<std::size_t>(std::countr_zero(found))];
    const std::uint64_t there = slot.load(kEntryOrder);
    if ((there & bit) == 0) slot.store(there | bit, kEntryOrder);
    return;
  }
  const auto fewest = std::ranges::min_element(
      entries, {}, [](const auto& slot) { return std::popcount(slot.load(kEntryOrder) & kFanMask); });
  fewest->store(tag << kFanBits | bit, kEntryOrder);
}

void Residency::record(std::uint32_t replica_id, std::span<const prompt::Rung> ladder,
                       std::span<const prompt::Rung> ends, std::uint32_t uncached, std::uint64_t session) {
  WP_ASSERT(replica_id < max_replicas_);
  clocks_[replica_id].prefilled.fetch_add(uncached, kEntryOrder);
  clocks_[replica_id].taken.fetch_add(uncached, kEntryOrder);
  for (std::size_t i = 0; i < ladder.size(); ++i) {
    hold(ladder[i].hash, replica_id);
    if (i > 0) add_child(ladder[i - 1].hash, session != 0 ? session : ladder[i].hash);
  }
  for (const prompt::Rung& end : ends) hold(end.hash, replica_id);
}

void Residency::set_capacity(std::uint32_t replica_id, std::uint64_t tokens) {
  WP_ASSERT(replica_id < max_replicas_);
  clocks_[replica_id].capacity.store(tokens, kEntryOrder);
}

void Residency::set_bound(std::uint32_t replica_id, std::uint64_t tokens) {
  WP_ASSERT(replica_id < max_replicas_);
  clocks_[replica_id].bound.store(tokens, kEntryOrder);
}

std::uint64_t Residency::capacity(std::uint32_t replica_id) const {
  WP_ASSERT(replica_id < max_replicas_);
  return capacity(clocks_[replica_id]);
}

void Residency::learn(std::uint32_t replica_id, std::uint32_t expected, std::uint32_t age, std::uint32_t cached) {
  WP_ASSERT(replica_id < max_replicas_);
  std::atomic<std::uint64_t>& learned = clocks_[replica_id].learned;
  const std::uint64_t before = learned.load(kEntryOrder);
  if (expected >= kTellingTokens && cached < expected / 2) {
    // At least what was prefilled since must have been room for.
    const std::uint64_t most = std::max<std::uint64_t>(age, kLeastCapacity);
    if (before == 0) learned.store(most, kEntryOrder);
    if (before > most) learned.store(before - (before - most) / kLearnShare, kEntryOrder);
  } else if (before != 0 && cached >= kTellingTokens && cached / 2 > expected) {
    learned.store(before + before / kLearnShare, kEntryOrder);
  }
}

void Residency::believe(std::uint32_t replica_id, std::uint32_t cached, std::uint32_t age) {
  WP_ASSERT(replica_id < max_replicas_);
  if (cached == 0) return;
  Clock& clock = clocks_[replica_id];
  clock.taken.fetch_add(std::uint64_t{cached} * kTouchedPercent / 100, kEntryOrder);
  clock.believed.fetch_add(cached, kEntryOrder);
  clock.ages.fetch_add(std::uint64_t{cached} * (age / kTokensPerTick), kEntryOrder);
}

Residency::Sent Residency::sent(std::uint32_t replica_id) const {
  WP_ASSERT(replica_id < max_replicas_);
  const Clock& clock = clocks_[replica_id];
  return {.uncached = clock.prefilled.load(kEntryOrder),
          .believed = clock.believed.load(kEntryOrder),
          .ages = clock.ages.load(kEntryOrder)};
}

void Residency::wipe(std::uint32_t replica_id) {
  WP_ASSERT(replica_id < max_replicas_);
  clocks_[replica_id].epoch.fetch_add(1, kEntryOrder);
  clocks_[replica_id].learned.store(0, kEntryOrder);
  clocks_[replica_id].bound.store(0, kEntryOrder);
  told_.forget(replica_id);
}

}  // namespace wp::balance
