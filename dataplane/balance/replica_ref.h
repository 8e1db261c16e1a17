// Names a replica beyond the life of a Snapshot: its slot in the tables by id, and which of those that had the slot.
#pragma once

#include <cstdint>

namespace wp::balance {

// Ids are below this: as many as the words of the tables by replica have room for.
inline constexpr std::uint32_t kReplicaIdBits = 14;
inline constexpr std::uint32_t kMaxReplicaIds = 1U << kReplicaIdBits;

struct ReplicaRef {
  std::uint32_t id = 0;
  std::uint32_t generation = 0;  // from 1; 0 names nothing

  [[nodiscard]] constexpr bool valid() const { return generation != 0; }
  friend constexpr bool operator==(ReplicaRef, ReplicaRef) = default;
};

}  // namespace wp::balance
