#include "dataplane/balance/residency.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <utility>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "dataplane/balance/replica_ref.h"
#include "dataplane/balance/residency_entry.h"
#include "dataplane/base/assert.h"
#include "dataplane/base/sanitizers.h"

namespace wp::balance {
namespace {

// Entries and clocks stand for themselves; nothing is concluded from one about another.
constexpr auto kEntryOrder = std::memory_order_relaxed;

// An entry is refreshed once it has aged by so much of the cache, or by so many ticks of an endless one: a line that
// every shard reads stays in every core's cache meanwhile.
constexpr std::uint32_t kRefreshShare = 32;
constexpr std::uint32_t kRefreshTicks = 64;

// A prompt has many rungs and one end.
constexpr std::uint32_t kLinesPerEndings = 8;

// What most engines' caches are made of, in tokens.
constexpr std::uint32_t kUsualBlock = 16;
// The first few replies may have more in common than that they are of whole blocks.
constexpr std::uint32_t kMostBlock = 1'024;

// Of a capacity that is learned: no engine's cache is smaller, and one reply moves it by so much of the way.
constexpr std::uint64_t kLeastCapacity = 8'192;
constexpr std::uint64_t kLearnShare = 8;

// Of tokens that a replica finds in its cache, how many count as if they had come anew: they are the last now to go,
// and what else it has goes before them.
constexpr std::uint64_t kTouchedPercent = 30;

// Children behind a rung, by how many of the classes were seen: linear counting (Whang, Vander-Zanden, Taylor 1990).
const std::array<std::uint8_t, FanEntry::kBits + 1> kChildren = [] {
  std::array<std::uint8_t, FanEntry::kBits + 1> table{};
  for (std::size_t seen = 0; seen < table.size(); ++seen) {
    const double unseen = std::max(static_cast<double>(FanEntry::kBits - seen), 1.0);
    table[seen] = static_cast<std::uint8_t>(std::lround(-double{FanEntry::kBits} * std::log(unseen / FanEntry::kBits)));
  }
  return table;
}();

std::uint32_t children_of(std::uint64_t fan) {
  return kChildren[static_cast<std::size_t>(std::popcount(fan & FanEntry::kMask))];
}

// Which entries of a line have `tag` above their lowest `low` bits: bit i stands for entry i. Most have not, so all are
// compared before any is looked into; whoever is found is read anew.
template <std::size_t N>
std::uint32_t with_tag(const std::array<std::atomic<std::uint64_t>, N>& entries, std::uint64_t tag, std::uint64_t low) {
#if defined(__AVX2__) && !WP_THREAD_SANITIZER
  // A processor reads each aligned word of a vector whole, which neither the language has a word for nor the sanitizer.
  static_assert(N == 8 && sizeof(entries) == 64);
  const auto* at = reinterpret_cast<const __m256i*>(entries.data());
  const __m256i wanted = _mm256_set1_epi64x(static_cast<std::int64_t>(tag));
  const __m128i shift = _mm_cvtsi64_si128(static_cast<std::int64_t>(low));
  const auto four = [&](const __m256i* from) {
    const __m256i same = _mm256_cmpeq_epi64(_mm256_srl_epi64(_mm256_load_si256(from), shift), wanted);
    return static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(same)));
  };
  return four(at) | four(at + 1) << 4U;
#else
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (... | (std::uint32_t{entries[I].load(kEntryOrder) >> low == tag} << I));
  }(std::make_index_sequence<N>{});
#endif
}

// Entries of that rung, whether they are alive or not.
template <std::size_t N>
std::uint32_t holders_written(const std::array<std::atomic<std::uint64_t>, N>& entries, std::uint64_t hash) {
  return static_cast<std::uint32_t>(std::popcount(with_tag(entries, HolderEntry::tag_of(hash), HolderEntry::kLowTag)));
}

}  // namespace

Residency::Residency(std::uint32_t lines, std::uint32_t max_replicas, std::uint32_t told_lines)
    : mask_(std::bit_ceil(std::max(lines, 1U)) - 1),
      max_replicas_(max_replicas),
      lines_(std::size_t{mask_} + 1),
      marks_(mask_ + 1),
      clocks_(std::make_unique<Clock[]>(max_replicas)),
      times_(std::make_unique<PrefillTimes[]>(max_replicas)),
      endings_((mask_ + 1) / kLinesPerEndings),
      told_(told_lines, max_replicas) {
  WP_ASSERT(max_replicas <= kMaxReplicaIds);
}

Holders Residency::holders(std::uint64_t hash, std::uint32_t tokens) const {
  const auto& entries = lines_[hash & mask_].holders;
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
  const auto& entries = lines_[hash & mask_].fans;
  const std::uint32_t found = with_tag(entries, FanEntry::tag_of(hash), FanEntry::kBits);
  if (found == 0) return 0;
  const std::uint64_t entry = entries[static_cast<std::size_t>(std::countr_zero(found))].load(kEntryOrder);
  return children_of(entry);
}

bool Residency::hold(std::uint64_t hash, std::uint32_t replica_id) {
  const std::uint64_t tag = HolderEntry::tag_of(hash);
  const Clock& clock = clocks_[replica_id];
  const std::uint64_t entry = HolderEntry::make(tag, replica_id, clock.epoch.load(kEntryOrder), tick(clock));
  auto& entries = lines_[hash & mask_].holders;
  const std::uint32_t found = with_tag(entries, entry >> HolderEntry::kLowReplica, HolderEntry::kLowReplica);
  if (found == 0) {
    oldest_of(entries).store(entry, kEntryOrder);
    return true;
  }
  auto& slot = entries[static_cast<std::size_t>(std::countr_zero(found))];
  const std::uint64_t most = capacity(clock);
  const std::uint64_t fresh = most == 0 ? kRefreshTicks : most / kTokensPerTick / kRefreshShare;
  std::uint32_t age = 0;
  if (alive(slot.load(kEntryOrder), age) && age <= fresh) return false;
  slot.store(entry, kEntryOrder);
  return true;
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
  const std::uint64_t tag = FanEntry::tag_of(parent);
  const std::uint64_t bit = std::uint64_t{1} << (child % FanEntry::kBits);
  auto& entries = lines_[parent & mask_].fans;
  if (const std::uint32_t found = with_tag(entries, tag, FanEntry::kBits); found != 0) {
    auto& slot = entries[static_cast<std::size_t>(std::countr_zero(found))];
    const std::uint64_t there = slot.load(kEntryOrder);
    if ((there & bit) != 0) return;
    slot.store(there | bit, kEntryOrder);
    if (children_of(there | bit) >= kManyChildren) marks_.mark(parent & mask_, tag);
    return;
  }
  const auto fewest = std::ranges::min_element(
      entries, {}, [](const auto& slot) { return std::popcount(slot.load(kEntryOrder) & FanEntry::kMask); });
  fewest->store(tag << FanEntry::kBits | bit, kEntryOrder);
}

void Residency::mark_common(std::size_t line) {
  const Line& of = lines_[line];
  for (const auto& slot : of.fans) {
    const std::uint64_t fan = slot.load(kEntryOrder);
    if (children_of(fan) >= kManyChildren) marks_.mark(line, fan >> FanEntry::kBits);
  }
  for (const auto& slot : of.holders) {
    // Of how many replicas the next pool has nothing is known yet.
    const std::uint64_t tag = HolderEntry::tag(slot.load(kEntryOrder));
    const std::uint64_t hash = tag << HolderEntry::kLowTag;
    if (tag != 0 && holders_written(of.holders, hash) > 1) marks_.mark(line, FanEntry::tag_of(hash));
  }
}

void Residency::record(std::uint32_t replica_id, std::span<const prompt::Rung> ladder,
                       std::span<const prompt::Rung> ends, std::uint32_t uncached, std::uint64_t session,
                       std::uint32_t common) {
  WP_ASSERT(replica_id < max_replicas_);
  // All at once, for the pick looked at few of them.
  for (const prompt::Rung& rung : ladder) {
    prefetch(rung.hash);
    prefetch_fan_out(rung.hash);
  }
  for (const prompt::Rung& end : ends) prefetch(end.hash);
  clocks_[replica_id].prefilled.fetch_add(uncached, kEntryOrder);
  clocks_[replica_id].taken.fetch_add(uncached, kEntryOrder);
  for (std::size_t i = 0; i < ladder.size(); ++i) {
    const std::uint64_t hash = ladder[i].hash;
    if (hold(hash, replica_id) && holders_written(lines_[hash & mask_].holders, hash) >= common) {
      marks_.mark(hash & mask_, FanEntry::tag_of(hash));
    }
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

void Residency::learn(std::uint32_t replica_id, const Prefill& prefill) {
  WP_ASSERT(replica_id < max_replicas_);
  if (prefill.age == kToldAge || clocks_[replica_id].cached_bits.load(kEntryOrder) != 0) return;
  const auto cached = times_[replica_id].cached(prefill);
  if (cached) learn(replica_id, prefill.expected, prefill.room(), *cached);
}

void Residency::believe(std::uint32_t replica_id, std::uint32_t cached, std::uint32_t age) {
  WP_ASSERT(replica_id < max_replicas_);
  if (cached == 0) return;
  Clock& clock = clocks_[replica_id];
  clock.taken.fetch_add(std::uint64_t{cached} * kTouchedPercent / 100, kEntryOrder);
  clock.believed.fetch_add(cached, kEntryOrder);
  clock.ages.fetch_add(std::uint64_t{cached} * (age / kTokensPerTick), kEntryOrder);
}

std::uint32_t Residency::block_tokens(std::uint32_t replica_id) const {
  WP_ASSERT(replica_id < max_replicas_);
  const std::uint32_t bits = clocks_[replica_id].cached_bits.load(kEntryOrder);
  return bits == 0 ? kUsualBlock : std::min(bits & (~bits + 1), kMostBlock);
}

void Residency::learn_block(std::uint32_t replica_id, std::uint32_t cached) {
  WP_ASSERT(replica_id < max_replicas_);
  std::atomic<std::uint32_t>& bits = clocks_[replica_id].cached_bits;
  const std::uint32_t before = bits.load(kEntryOrder);
  if ((before | cached) != before) bits.fetch_or(cached, kEntryOrder);
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
  clocks_[replica_id].cached_bits.store(0, kEntryOrder);
  times_[replica_id].reset();
  told_.forget(replica_id);
}

}  // namespace wp::balance
