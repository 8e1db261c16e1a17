#include "dataplane/tcp/timing_wheel.h"

#include <algorithm>
#include <bit>

#include "dataplane/base/assert.h"

namespace wp::tcp {

TimingWheel::TimingWheel(std::uint32_t capacity, Instant start)
    : entries_(capacity), hand_(static_cast<std::uint64_t>(start.ns) >> kTickBits) {
  for (auto& level : heads_) level.fill(kNone);
}

std::uint64_t TimingWheel::tick_of(Instant when) {
  return (static_cast<std::uint64_t>(std::max<std::int64_t>(when.ns, 0)) + (std::uint64_t{1} << kTickBits) - 1) >>
         kTickBits;
}

void TimingWheel::insert(std::uint32_t id, std::uint64_t tick) {
  // What is due already goes into the slot at the hand; what is too far away waits in the last wheel and is looked at
  // again there.
  tick = std::max(tick, hand_);
  const std::uint64_t farthest = hand_ + (std::uint64_t{1} << (kLevels * kSlotBits)) - (std::uint64_t{1} << 24U) - 1;
  tick = std::min(tick, farthest);
  // The first wheel in whose present turn the tick lies: the highest bit in which it differs from the hand.
  const std::uint64_t differ = tick ^ hand_;
  const unsigned level =
      differ == 0 ? 0 : std::min((static_cast<unsigned>(std::bit_width(differ)) - 1) / kSlotBits, kLevels - 1);
  const auto slot = static_cast<unsigned>(tick >> (level * kSlotBits)) % kSlots;
  Entry& entry = entries_[id];
  std::uint32_t& head = heads_[level][slot];
  entry.tick = tick;
  entry.slot = static_cast<std::uint16_t>(level * kSlots + slot);
  entry.previous = kNone;
  entry.next = head;
  if (head != kNone) entries_[head].previous = id;
  head = id;
  occupied_[level] |= std::uint64_t{1} << slot;
  ++queued_;
}

void TimingWheel::remove(std::uint32_t id) {
  Entry& entry = entries_[id];
  const unsigned level = entry.slot / kSlots;
  const unsigned slot = entry.slot % kSlots;
  (entry.previous == kNone ? heads_[level][slot] : entries_[entry.previous].next) = entry.next;
  if (entry.next != kNone) entries_[entry.next].previous = entry.previous;
  if (heads_[level][slot] == kNone) occupied_[level] &= ~(std::uint64_t{1} << slot);
  entry.slot = kNotQueued;
  --queued_;
}

void TimingWheel::arm(std::uint32_t id, Instant when) {
  WP_ASSERT(id < entries_.size());
  Entry& entry = entries_[id];
  entry.due = when;
  if (entry.slot == kNotQueued) {
    if (when != kNever) insert(id, tick_of(when));
  } else if (when != kNever && tick_of(when) < entry.tick) {
    remove(id);
    insert(id, tick_of(when));
  }
}

// The slot of `level` into which the hand has just come: what is in it belongs into the wheels below.
void TimingWheel::cascade(unsigned level) {
  const auto slot = static_cast<unsigned>(hand_ >> (level * kSlotBits)) % kSlots;
  for (std::uint32_t id = heads_[level][slot]; id != kNone;) {
    const std::uint32_t next = entries_[id].next;
    remove(id);
    if (entries_[id].due != kNever) insert(id, tick_of(entries_[id].due));
    id = next;
  }
}

void TimingWheel::advance(std::uint64_t until) {
  if (queued_ == 0) hand_ = until;
  while (hand_ < until) {
    // The rest of this turn of the first wheel, at most to its end, where the wheels above must be looked at.
    const unsigned at = static_cast<unsigned>(hand_) % kSlots;
    const std::uint64_t ahead = at + 1 == kSlots ? 0 : occupied_[0] >> (at + 1);
    const std::uint64_t turn_end = (hand_ | (kSlots - 1)) + 1;
    const std::uint64_t stop = ahead != 0 ? hand_ + 1 + static_cast<unsigned>(std::countr_zero(ahead)) : turn_end;
    if (stop > until) {
      hand_ = until;
      return;
    }
    hand_ = stop;
    for (unsigned level = 1; level < kLevels && (hand_ & ((std::uint64_t{1} << (level * kSlotBits)) - 1)) == 0;
         ++level) {
      cascade(level);
    }
    if ((occupied_[0] >> (static_cast<unsigned>(hand_) % kSlots) & 1U) != 0) return;
  }
}

bool TimingWheel::take_due(Instant now, std::uint32_t& id) {
  const std::uint64_t tick = static_cast<std::uint64_t>(std::max<std::int64_t>(now.ns, 0)) >> kTickBits;
  for (;;) {
    while (heads_[0][hand_ % kSlots] != kNone && hand_ <= tick) {
      const std::uint32_t first = heads_[0][hand_ % kSlots];
      Entry& entry = entries_[first];
      remove(first);
      if (entry.due == kNever) continue;
      if (tick_of(entry.due) > hand_) {
        insert(first, tick_of(entry.due));
        continue;
      }
      entry.due = kNever;
      id = first;
      return true;
    }
    if (hand_ >= tick) return false;
    advance(tick);
  }
}

Instant TimingWheel::next() const {
  if (queued_ == 0) return kNever;
  std::uint64_t earliest = UINT64_MAX;
  for (unsigned level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const unsigned shift = level * kSlotBits;
    const std::uint64_t at = hand_ >> shift;
    const auto ahead = std::rotr(occupied_[level], static_cast<int>(at % kSlots));
    const std::uint64_t slot = at + static_cast<unsigned>(std::countr_zero(ahead));
    earliest = std::min(earliest, std::max(slot << shift, hand_));
  }
  return Instant{static_cast<std::int64_t>(earliest << kTickBits)};
}

unsigned TimingWheel::slots_of(std::uint32_t id) const {
  unsigned found = 0;
  for (const auto& level : heads_) {
    for (std::uint32_t at : level) {
      for (; at != kNone; at = entries_[at].next) found += at == id ? 1U : 0U;
    }
  }
  return found;
}

}  // namespace wp::tcp
