#include "dataplane/balance/session_table.h"

#include <algorithm>
#include <bit>

#include "dataplane/base/assert.h"

namespace wp::balance {
namespace {

// Entries and figures stand for themselves.
constexpr auto kSessionOrder = std::memory_order_relaxed;

// An entry, from the top: tag, replica, generation, stamp. 0 is an empty one, for no tag is 0.
constexpr std::uint32_t kSessionTagBits = 22;
constexpr std::uint32_t kStampBits = 16;
static_assert(kSessionTagBits + kReplicaIdBits + LastReplica::kGenerationBits + kStampBits == 64);

constexpr std::uint32_t kTagShift = 64 - kSessionTagBits;
constexpr std::uint32_t kIdShift = kTagShift - kReplicaIdBits;
constexpr std::uint32_t kGenerationMask = (1U << LastReplica::kGenerationBits) - 1;

// Stamps count units of 2^32 ns, so that they come around every three days: who was silent for so long is taken for
// younger than it is. An entry's is written anew after half a minute, so that lines stay read-shared meanwhile.
constexpr std::uint32_t kUnitShift = 32;
constexpr std::uint16_t kRefreshUnits = 8;

std::uint16_t stamp_of(Instant now) {
  return static_cast<std::uint16_t>(now.ns >> kUnitShift);
}

constexpr std::array<std::string_view, kSessionFates> kFateWords{"first",       "kept",       "failed", "left",
                                                                 "unavailable", "over_bound", "ring",   "choice"};

}  // namespace

std::string_view word(SessionFate fate) {
  return kFateWords[static_cast<std::size_t>(fate)];
}

SessionTable::SessionTable(std::uint32_t sessions, std::uint32_t max_pools)
    : mask_(std::max(std::bit_ceil(sessions) / kWays, 1U) - 1),
      max_pools_(max_pools),
      lines_(std::make_unique<Line[]>(std::size_t{mask_} + 1)),
      pools_(std::make_unique<Pool[]>(max_pools)) {}

LastReplica SessionTable::move(std::uint64_t key, ReplicaRef to, Instant now) {
  WP_ASSERT(to.valid() && to.id < kMaxReplicaIds);
  // Of the bits that chose the line none is used again.
  const std::uint64_t tag = std::max<std::uint64_t>(1, key >> kTagShift);
  const std::uint16_t stamp = stamp_of(now);
  const std::uint64_t entry = tag << kTagShift | std::uint64_t{to.id} << kIdShift |
                              std::uint64_t{to.generation & kGenerationMask} << kStampBits | stamp;
  std::atomic<std::uint64_t>* victim = nullptr;
  std::uint32_t oldest = 0;
  for (auto& slot : lines_[key & mask_].entries) {
    const std::uint64_t there = slot.load(kSessionOrder);
    const auto age = static_cast<std::uint16_t>(stamp - static_cast<std::uint16_t>(there));
    if (there >> kTagShift == tag) {
      const bool same = there >> kStampBits == entry >> kStampBits;
      if (!same || age >= kRefreshUnits) slot.store(entry, kSessionOrder);
      return {.id = static_cast<std::uint32_t>(there >> kIdShift) & (kMaxReplicaIds - 1),
              .generation = static_cast<std::uint32_t>(there >> kStampBits) & kGenerationMask,
              .known = true};
    }
    // An empty slot is taken before any session, then the oldest.
    const std::uint32_t rank = there == 0 ? UINT32_MAX : age + 1U;
    if (rank <= oldest) continue;
    oldest = rank;
    victim = &slot;
  }
  victim->store(entry, kSessionOrder);
  return {};
}

void SessionTable::count(std::uint32_t pool, SessionFate fate) {
  WP_ASSERT(pool < max_pools_);
  pools_[pool].picks[static_cast<std::size_t>(fate)].fetch_add(1, kSessionOrder);
}

SessionTable::Figures SessionTable::figures(std::uint32_t pool) const {
  WP_ASSERT(pool < max_pools_);
  Figures figures{};
  for (std::size_t fate = 0; fate < kSessionFates; ++fate) figures[fate] = pools_[pool].picks[fate].load(kSessionOrder);
  return figures;
}

void SessionTable::reset(std::uint32_t pool) {
  WP_ASSERT(pool < max_pools_);
  for (auto& picks : pools_[pool].picks) picks.store(0, kSessionOrder);
}

}  // namespace wp::balance
