#include "dataplane/balance/told_table.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "dataplane/balance/replica_ref.h"
#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

// Entries stand for themselves; nothing is concluded from one about another.
constexpr auto kToldOrder = std::memory_order_relaxed;

// A word from the top: tag, replica, epoch, until. 0 is an empty one, for no tag is 0. `until` is 0 where it was told,
// else the time at which it ends, counted around from 1.
constexpr std::uint32_t kTagBits = 28;
constexpr std::uint32_t kEpochBits = 8;
constexpr std::uint32_t kUntilBits = 14;
static_assert(kTagBits + kReplicaIdBits + kEpochBits + kUntilBits == 64);

constexpr std::uint32_t kLowEpoch = kUntilBits;
constexpr std::uint32_t kLowReplica = kLowEpoch + kEpochBits;
constexpr std::uint32_t kLowTag = kLowReplica + kReplicaIdBits;
constexpr std::uint32_t kEpochMask = (1U << kEpochBits) - 1;
constexpr std::uint32_t kUntilMask = (1U << kUntilBits) - 1;

// 2^28 ns are 268 ms: the stamps go around in 73 minutes.
constexpr std::uint32_t kStampShift = 28;
constexpr auto kExpectStamps = static_cast<std::uint32_t>(ToldTable::kExpectFor.ns >> kStampShift);

std::uint64_t tag_of(std::uint64_t hash) {
  return std::max<std::uint64_t>(1, hash >> kLowTag);
}
std::uint64_t make_entry(std::uint64_t hash, std::uint32_t replica_id, std::uint32_t epoch, std::uint32_t until) {
  return tag_of(hash) << kLowTag | std::uint64_t{replica_id} << kLowReplica |
         std::uint64_t{epoch & kEpochMask} << kLowEpoch | until;
}
std::uint32_t replica_in(std::uint64_t entry) {
  return static_cast<std::uint32_t>(entry >> kLowReplica) & (kMaxReplicaIds - 1);
}
bool told(std::uint64_t entry) {
  return (entry & kUntilMask) == 0;
}
// Of the same prefix and replica, whatever the epoch.
bool same_subject(std::uint64_t a, std::uint64_t b) {
  return a >> kLowReplica == b >> kLowReplica;
}

std::uint32_t stamp(std::uint64_t count) {
  return 1 + static_cast<std::uint32_t>(count % kUntilMask);
}
std::uint32_t stamp_at(Instant at) {
  return stamp(static_cast<std::uint64_t>(at.ns) >> kStampShift);
}
// Stamps from now to the end of what is expected; 0 when it is over.
std::uint32_t left(std::uint64_t entry, Instant now) {
  const auto until = static_cast<std::uint32_t>(entry & kUntilMask);
  const std::uint32_t ahead = (until + kUntilMask - stamp_at(now)) % kUntilMask;
  return ahead <= kExpectStamps ? ahead : 0;
}

}  // namespace

ToldTable::ToldTable(std::uint32_t lines, std::uint32_t max_replicas)
    : mask_(std::bit_ceil(std::max(lines, 1U)) - 1),
      max_replicas_(max_replicas),
      lines_(std::size_t{mask_} + 1),
      states_(std::make_unique<State[]>(max_replicas)),
      entries_(max_replicas) {
  WP_ASSERT(max_replicas <= kMaxReplicaIds);
}

bool ToldTable::heard(std::uint32_t replica_id, Instant now) const {
  WP_ASSERT(replica_id < max_replicas_);
  return now.ns < states_[replica_id].until.load(kToldOrder);
}

std::uint32_t ToldTable::epoch(std::uint32_t replica_id) const {
  WP_ASSERT(replica_id < max_replicas_);
  return states_[replica_id].epoch.load(kToldOrder);
}

// Written since its replica was cleared.
bool ToldTable::current(std::uint64_t entry) const {
  const std::uint32_t id = replica_in(entry);
  if (entry == 0 || id >= max_replicas_) return false;
  return (entry >> kLowEpoch & kEpochMask) == (states_[id].epoch.load(kToldOrder) & kEpochMask);
}

Holders ToldTable::holders(std::uint64_t hash, Instant now) const {
  const std::uint64_t tag = tag_of(hash);
  Holders found;
  found.count = 0;
  for (const auto& slot : lines_[hash & mask_].entries) {
    const std::uint64_t entry = slot.load(kToldOrder);
    if (entry >> kLowTag != tag || !current(entry) || (!told(entry) && left(entry, now) == 0)) continue;
    if (heard(replica_in(entry), now)) found.all[found.count++] = {replica_in(entry), kToldAge};
  }
  return found;
}

void ToldTable::expect(std::uint32_t replica_id, std::span<const prompt::Rung> ladder,
                       std::span<const prompt::Rung> ends, Instant now) {
  // Of a replica that tells nothing, nothing would ever be confirmed.
  if (!heard(replica_id, now)) return;
  for (const prompt::Rung& rung : ladder) expect(replica_id, rung.hash, now);
  for (const prompt::Rung& end : ends) expect(replica_id, end.hash, now);
}

// Only what is expected, or over, is ever replaced, and only where it still stands: what the control thread tells in
// the meantime is not lost.
void ToldTable::expect(std::uint32_t replica_id, std::uint64_t hash, Instant now) {
  const std::uint32_t until = stamp((static_cast<std::uint64_t>(now.ns) >> kStampShift) + kExpectStamps);
  const std::uint64_t wanted = make_entry(hash, replica_id, epoch(replica_id), until);
  std::atomic<std::uint64_t>* room = nullptr;
  std::uint64_t there = 0;
  std::uint32_t least = kExpectStamps;
  for (auto& slot : lines_[hash & mask_].entries) {
    std::uint64_t entry = slot.load(kToldOrder);
    const bool stands = current(entry);
    if (stands && same_subject(entry, wanted)) {
      if (told(entry) || left(entry, now) > kExpectStamps / 2) return;
      slot.compare_exchange_strong(entry, wanted, kToldOrder);
      return;
    }
    if (stands && told(entry)) continue;
    const std::uint32_t remains = stands ? left(entry, now) : 0;
    if (room != nullptr && remains >= least) continue;
    room = &slot;
    there = entry;
    least = remains;
  }
  if (room != nullptr) room->compare_exchange_strong(there, wanted, kToldOrder);
}

void ToldTable::hold(std::uint32_t replica_id, std::uint64_t hash) {
  const std::uint64_t wanted = make_entry(hash, replica_id, epoch(replica_id), 0);
  auto& entries = lines_[hash & mask_].entries;
  std::atomic<std::uint64_t>* room = nullptr;
  for (auto& slot : entries) {
    const std::uint64_t entry = slot.load(kToldOrder);
    if (entry == wanted) return;
    if (entry != 0 && same_subject(entry, wanted)) {
      room = &slot;
      break;
    }
    if (room == nullptr && !(told(entry) && current(entry))) room = &slot;
  }
  if (room == nullptr) {
    room = &entries[hash >> 32U & (kWays - 1)];
    --entries_[replica_in(room->load(kToldOrder))];
    ++displaced_;
  }
  room->store(wanted, kToldOrder);
  ++entries_[replica_id];
}

void ToldTable::drop(std::uint32_t replica_id, std::uint64_t hash) {
  const std::uint64_t wanted = make_entry(hash, replica_id, epoch(replica_id), 0);
  for (auto& slot : lines_[hash & mask_].entries) {
    const std::uint64_t entry = slot.load(kToldOrder);
    if (entry == 0 || !same_subject(entry, wanted)) continue;
    if (entry == wanted) --entries_[replica_id];
    slot.store(0, kToldOrder);
  }
}

void ToldTable::clear(std::uint32_t replica_id) {
  WP_ASSERT(replica_id < max_replicas_);
  const std::uint32_t next = epoch(replica_id) + 1;
  // The numbers go around: what is left of the epoch that had this one must not come to life again.
  if ((next & kEpochMask) == 0) sweep(replica_id);
  states_[replica_id].epoch.store(next, kToldOrder);
  entries_[replica_id] = 0;
}

void ToldTable::sweep(std::uint32_t replica_id) {
  for (std::size_t line = 0; line <= mask_; ++line) {
    for (auto& slot : lines_[line].entries) {
      const std::uint64_t entry = slot.load(kToldOrder);
      if (entry != 0 && replica_in(entry) == replica_id) slot.store(0, kToldOrder);
    }
  }
}

void ToldTable::forget(std::uint32_t replica_id) {
  clear(replica_id);
  states_[replica_id].until.store(0, kToldOrder);
}

void ToldTable::hear(std::uint32_t replica_id, Instant until) {
  WP_ASSERT(replica_id < max_replicas_);
  states_[replica_id].until.store(until.ns, kToldOrder);
}

}  // namespace wp::balance
