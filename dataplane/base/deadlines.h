// Who is due next: a binary heap of deadlines indexed by a small integer (a pool index).
//
// Arming is lazy: a deadline that only moves later is stored and the heap is left alone; when the old one surfaces it
// is put back at its new place. A connection that re-arms on every event therefore costs one store.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "dataplane/base/assert.h"
#include "dataplane/base/time.h"

namespace wp {

class Deadlines {
 public:
  // `capacity`: ids are below it.
  explicit Deadlines(std::uint32_t capacity) : due_(capacity, kNever), slot_(capacity, kNotQueued) {
    heap_.reserve(capacity);
  }

  // Sets or moves the deadline of `id`; kNever clears it (lazily, as any later one).
  void arm(std::uint32_t id, Instant when) {
    WP_ASSERT(id < due_.size());
    due_[id] = when;
    if (slot_[id] == kNotQueued) {
      if (when == kNever) return;
      slot_[id] = static_cast<std::uint32_t>(heap_.size());
      heap_.push_back({when, id});
      sift_up(slot_[id]);
    } else if (when < heap_[slot_[id]].key) {
      heap_[slot_[id]].key = when;
      sift_up(slot_[id]);
    }
  }

  void disarm(std::uint32_t id) { arm(id, kNever); }

  [[nodiscard]] Instant armed(std::uint32_t id) const { return due_[id]; }

  // No deadline is due before this; the true earliest may be later, never earlier.
  [[nodiscard]] Instant next() const { return heap_.empty() ? kNever : heap_.front().key; }

  // Takes one id whose deadline is at or before `now` and disarms it; false when there is none. Each call does
  // bounded work: at most one heap repair a stale entry.
  [[nodiscard]] bool take_due(Instant now, std::uint32_t& id) {
    while (!heap_.empty() && heap_.front().key <= now) {
      const std::uint32_t top = heap_.front().id;
      const Instant due = due_[top];
      if (due == kNever) {
        remove_front();
      } else if (due > now) {
        heap_.front().key = due;
        sift_down(0);
      } else {
        remove_front();
        due_[top] = kNever;
        id = top;
        return true;
      }
    }
    return false;
  }

 private:
  static constexpr std::uint32_t kNotQueued = UINT32_MAX;
  struct Entry {
    Instant key;
    std::uint32_t id;
  };

  void place(std::uint32_t at, Entry e) {
    heap_[at] = e;
    slot_[e.id] = at;
  }

  void sift_up(std::uint32_t at) {
    const Entry moving = heap_[at];
    while (at > 0) {
      const std::uint32_t parent = (at - 1) / 2;
      if (heap_[parent].key <= moving.key) break;
      place(at, heap_[parent]);
      at = parent;
    }
    place(at, moving);
  }

  void sift_down(std::uint32_t at) {
    const Entry moving = heap_[at];
    const auto size = static_cast<std::uint32_t>(heap_.size());
    for (;;) {
      std::uint32_t child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && heap_[child + 1].key < heap_[child].key) ++child;
      if (moving.key <= heap_[child].key) break;
      place(at, heap_[child]);
      at = child;
    }
    place(at, moving);
  }

  void remove_front() {
    slot_[heap_.front().id] = kNotQueued;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (heap_.empty()) return;
    if (last.id == heap_.front().id) return;
    place(0, last);
    sift_down(0);
  }

  std::vector<Instant> due_;
  std::vector<std::uint32_t> slot_;
  std::vector<Entry> heap_;
};

}  // namespace wp
