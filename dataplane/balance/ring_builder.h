// Makes rings and keeps what is needed to change them: for every slot the scores of its first members. Control thread
// only. Whatever the order of changes, build() equals a build from scratch over the same members, bit by bit.
//
// Costs in scores computed (about 5 ns each): adding a member, one a slot; removing one or changing a weight, about
// kRingDepth a slot, because only the slots that held it are looked at again; from scratch, members * slots.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "dataplane/balance/ring.h"

namespace wp::balance {

class RingBuilder {
 public:
  // `slots` > 0, of any size; nodes that must agree have the same. Memory: 64 bytes a slot.
  explicit RingBuilder(std::uint32_t slots = kDefaultRingSlots);

  // False, and nothing changes: the identity is there already, or the ring has kMaxRingMembers.
  [[nodiscard]] bool add(RingMember member);
  // False when there is no such member.
  [[nodiscard]] bool remove(std::uint64_t identity);
  [[nodiscard]] bool set_weight(std::uint64_t identity, std::uint32_t weight);

  // Makes these the members, by single changes or from scratch, whichever is less work. False, and nothing changes,
  // when two have the same identity or there are too many.
  [[nodiscard]] bool assign(std::span<const RingMember> members);

  // The ring as it is now; the same object until the next change.
  [[nodiscard]] std::shared_ptr<const Ring> build();

  [[nodiscard]] std::uint32_t members() const { return static_cast<std::uint32_t>(by_identity_.size()); }

 private:
  // Scores of a slot's first members, best first: score in the upper kScoreBits, place in the lower 16 bits.
  using Entry = std::uint64_t;
  static constexpr Entry kNobody = UINT64_MAX;

  [[nodiscard]] std::uint16_t enter(RingMember member);
  void leave(std::uint64_t identity);
  [[nodiscard]] Entry entry(std::uint64_t slot_seed, std::uint16_t place) const;
  [[nodiscard]] bool before(Entry a, Entry b) const;
  void offer(Entry* row, Entry candidate) const;
  void fill(std::uint32_t slot);
  void fill_all();
  [[nodiscard]] bool holds(std::uint32_t slot, std::uint16_t place) const;
  void forget(std::uint16_t place);
  void offer_everywhere(std::uint16_t place);
  void reweigh(std::uint16_t place, std::uint32_t weight);

  std::uint32_t slots_;
  std::vector<RingMember> places_;  // a member keeps its place while it is here; weight 0: the place is free
  std::vector<std::uint16_t> free_;
  std::unordered_map<std::uint64_t, std::uint16_t> by_identity_;
  std::vector<Entry> rows_;  // slots_ * kRingDepth
  std::shared_ptr<const Ring> built_;
};

}  // namespace wp::balance
