// The ring: `slots` slots, each holding its first members in weighted rendezvous order of (slot, member) (Thaler,
// Ravishankar 1998; weights by -ln(u)/w, Schindelhauer, Schomaker 2005). A lookup is one array read; a change of
// members moves only the slots it must; the overflow order is stable; the same members make the same ring on every
// node, bit by bit, because all arithmetic is on integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/base/prefetch.h"
#include "dataplane/base/rng.h"

namespace wp::balance {

inline constexpr std::uint32_t kRingDepth = 8;  // members kept a slot: how far an overflow walks
inline constexpr std::uint32_t kDefaultRingSlots = 65'536;
inline constexpr std::uint32_t kMaxRingMembers = 65'535;
inline constexpr std::uint32_t kMaxWeight = 1000;

struct RingMember {
  std::uint64_t identity = 0;  // hash of the replica's name: the same on every node
  std::uint32_t weight = 100;  // 1..kMaxWeight
};

// XXH3 (64 bits, no seed) of the name. Part of what nodes must agree on.
[[nodiscard]] std::uint64_t ring_identity(std::string_view name);

// Immutable once built.
class Ring {
 public:
  // Members of the slot that `key` falls in, best first, as indices into the members in ascending order of identity
  // (the only order that does not depend on the history of changes). At most kRingDepth; fewer when there are fewer.
  // Any 64-bit key will do, also consecutive ones.
  [[nodiscard]] std::span<const std::uint16_t> order(std::uint64_t key) const {
    return {order_.data() + slot_of(key) * depth_, depth_};
  }
  void prefetch(std::uint64_t key) const { prefetch_line(order_.data() + slot_of(key) * depth_); }
  [[nodiscard]] std::uint32_t slots() const;
  [[nodiscard]] std::uint32_t members() const;
  // Of all slots, how many have this member first. O(slots), for tests and exposition.
  [[nodiscard]] std::uint32_t owned(std::uint16_t member) const;
  // The same of every member, in one pass over the slots.
  [[nodiscard]] std::vector<std::uint32_t> owned_by_all() const;
  friend bool operator==(const Ring&, const Ring&) = default;

 private:
  friend class RingBuilder;
  // Keys come from clients' own identifiers: mixed, so that none of their patterns falls on a part of the slots.
  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::size_t>((Wide{mix64(key)} * slots_) >> 64U);
  }

  std::uint32_t slots_ = 0;
  std::uint32_t members_ = 0;
  std::uint32_t depth_ = 0;
  std::vector<std::uint16_t> order_;  // slots_ * depth_
};

}  // namespace wp::balance
