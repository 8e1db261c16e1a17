// The words of the residency table, and which of them still stand: asked of every entry that a pick looks at, so
// inlined where that is. Internal to balance.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "dataplane/balance/replica_ref.h"
#include "dataplane/balance/residency.h"

namespace wp::balance {

// A holder's entry, from the top: tag, replica, epoch, tick. 0 is an empty one, for no tag is 0.
struct HolderEntry {
  static constexpr std::uint32_t kTagBits = 20;
  static constexpr std::uint32_t kEpochBits = 8;
  static constexpr std::uint32_t kTickBits = 22;
  static_assert(kTagBits + kReplicaIdBits + kEpochBits + kTickBits == 64);

  static constexpr std::uint32_t kTickMask = (1U << kTickBits) - 1;
  static constexpr std::uint32_t kEpochMask = (1U << kEpochBits) - 1;
  static constexpr std::uint32_t kLowTag = 64U - kTagBits;
  static constexpr std::uint32_t kLowReplica = kLowTag - kReplicaIdBits;
  static constexpr std::uint32_t kLowEpoch = kLowReplica - kEpochBits;

  // Of the bits that chose the line none is used again.
  [[nodiscard]] static std::uint64_t tag_of(std::uint64_t hash) { return std::max<std::uint64_t>(1, hash >> kLowTag); }

  [[nodiscard]] static std::uint64_t make(std::uint64_t tag, std::uint32_t replica, std::uint32_t epoch,
                                          std::uint32_t tick) {
    return tag << kLowTag | std::uint64_t{replica} << kLowReplica | std::uint64_t{epoch & kEpochMask} << kLowEpoch |
           tick;
  }
  [[nodiscard]] static std::uint64_t tag(std::uint64_t entry) { return entry >> kLowTag; }
  [[nodiscard]] static std::uint32_t replica(std::uint64_t entry) {
    return static_cast<std::uint32_t>(entry >> kLowReplica) & (kMaxReplicaIds - 1);
  }
  [[nodiscard]] static std::uint32_t epoch(std::uint64_t entry) {
    return static_cast<std::uint32_t>(entry >> kLowEpoch) & kEpochMask;
  }
  [[nodiscard]] static std::uint32_t tick(std::uint64_t entry) { return static_cast<std::uint32_t>(entry) & kTickMask; }
};

inline std::uint32_t Residency::tick(const Clock& clock) {
  return static_cast<std::uint32_t>(clock.taken.load(std::memory_order_relaxed) / kTokensPerTick) &
         HolderEntry::kTickMask;
}

inline std::uint64_t Residency::capacity(const Clock& clock) {
  const std::uint64_t told = clock.capacity.load(std::memory_order_relaxed);
  if (told != 0) return told;
  const std::uint64_t learned = clock.learned.load(std::memory_order_relaxed);
  const std::uint64_t bound = clock.bound.load(std::memory_order_relaxed);
  return learned == 0 || bound == 0 ? learned + bound : std::min(learned, bound);
}

inline bool Residency::alive(std::uint64_t entry, std::uint32_t& age, std::uint32_t tokens) const {
  const std::uint32_t id = HolderEntry::replica(entry);
  if (id >= max_replicas_) return false;
  const Clock& clock = clocks_[id];
  if (HolderEntry::epoch(entry) != (clock.epoch.load(std::memory_order_relaxed) & HolderEntry::kEpochMask))
    return false;
  age = (tick(clock) - static_cast<std::uint32_t>(entry)) & HolderEntry::kTickMask;
  const std::uint64_t most = capacity(clock);
  return most == 0 || std::uint64_t{age} * kTokensPerTick + tokens <= most;
}

}  // namespace wp::balance
