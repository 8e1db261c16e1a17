// Who is due next, for very many who mostly re-arm before they are: a hierarchical timing wheel (Varghese, Lauck 1987).
// Five wheels of 64 slots; a slot of the first is one tick wide, of each further one as wide as the whole wheel before.
//
// Arming is lazy: a deadline that moves later is stored and nothing else happens; when its old slot comes up it is put
// where it belongs. A connection that re-arms with every acknowledgment costs one store.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/base/time.h"

namespace wp::tcp {

class TimingWheel {
 public:
  // About a millisecond; a power of two, so that ticks are a shift.
  static constexpr unsigned kTickBits = 20;
  static constexpr Duration kTick{std::int64_t{1} << kTickBits};

  // `capacity`: ids are below it. No deadline lies before `start`.
  TimingWheel(std::uint32_t capacity, Instant start);

  // Sets or moves the deadline of `id`; kNever clears it (lazily, as any later one).
  void arm(std::uint32_t id, Instant when);
  void disarm(std::uint32_t id) { arm(id, kNever); }
  [[nodiscard]] Instant armed(std::uint32_t id) const { return entries_[id].due; }

  // Takes one id whose deadline has passed and disarms it; false when there is none. Never early, at most one tick late
  // for whoever asks all the time.
  [[nodiscard]] bool take_due(Instant now, std::uint32_t& id);

  // Nothing is due before this; the true earliest may be later, by what laziness left behind.
  [[nodiscard]] Instant next() const;

  // In how many slots the id stands: 0 or 1, or the wheel is broken. Walks everything; for tests.
  [[nodiscard]] unsigned slots_of(std::uint32_t id) const;
  [[nodiscard]] std::uint32_t queued() const { return queued_; }

 private:
  static constexpr unsigned kLevels = 5;
  static constexpr unsigned kSlotBits = 6;
  static constexpr unsigned kSlots = 1U << kSlotBits;
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::uint16_t kNotQueued = UINT16_MAX;

  struct Entry {
    Instant due = kNever;
    std::uint64_t tick = 0;  // what its slot was chosen for
    std::uint32_t next = kNone;
    std::uint32_t previous = kNone;
    std::uint16_t slot = kNotQueued;  // level and slot
  };

  // Rounded up: a slot that comes up holds nothing that is not yet due.
  [[nodiscard]] static std::uint64_t tick_of(Instant when);
  void insert(std::uint32_t id, std::uint64_t tick);
  void remove(std::uint32_t id);
  // Moves the hand to the next tick that has anything to do, at most `until`.
  void advance(std::uint64_t until);
  void cascade(unsigned level);

  std::vector<Entry> entries_;
  std::array<std::array<std::uint32_t, kSlots>, kLevels> heads_;
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit a slot
  std::uint64_t hand_;                             // the tick whose slot of the first wheel is looked at
  std::uint32_t queued_ = 0;
};

}  // namespace wp::tcp
