// A fixed number of objects, made once, handed out by index and generation. No allocation after construction.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "dataplane/base/assert.h"

namespace wp {

// Names an object of a Pool: the index says where, the generation says which of those that lived there. A handle to
// an object that is gone finds nothing; generations start at 1, so a zeroed handle is never valid.
struct Handle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;

  [[nodiscard]] constexpr bool valid() const { return generation != 0; }
  friend constexpr bool operator==(Handle, Handle) = default;

  // As one integer, for user data of kernel interfaces; unpack() is its inverse.
  [[nodiscard]] constexpr std::uint64_t pack() const { return (std::uint64_t{generation} << 32U) | index; }
  [[nodiscard]] static constexpr Handle unpack(std::uint64_t v) {
    return {static_cast<std::uint32_t>(v), static_cast<std::uint32_t>(v >> 32U)};
  }
};

template <class T>
class Pool {
 public:
  explicit Pool(std::uint32_t capacity)
      : slots_(std::make_unique_for_overwrite<Slot[]>(capacity)), capacity_(capacity) {
    free_.reserve(capacity);
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (std::uint32_t i = 0; i < touched_; ++i) {
      if (slots_[i].live) object(i)->~T();
    }
  }

  // Makes an object, or returns an invalid handle when all are in use. Objects are handed out most recently freed
  // first, so that a small working set stays in cache and untouched memory stays untouched.
  template <class... Args>
  [[nodiscard]] Handle make(Args&&... args) {
    std::uint32_t index = 0;
    if (!free_.empty()) {
      index = free_.back();
      free_.pop_back();
    } else if (touched_ < capacity_) {
      index = touched_++;
      slots_[index].generation = 0;
    } else {
      return {};
    }
    Slot& slot = slots_[index];
    slot.live = true;
    if (++slot.generation == 0) slot.generation = 1;
    ::new (static_cast<void*>(slot.storage)) T(std::forward<Args>(args)...);
    ++live_;
    return {index, slot.generation};
  }

  // The object, or nullptr when the handle is stale.
  [[nodiscard]] T* find(Handle h) {
    if (!h.valid() || h.index >= touched_) return nullptr;
    Slot& slot = slots_[h.index];
    return slot.live && slot.generation == h.generation ? object(h.index) : nullptr;
  }

  // The object of a handle that must be live.
  [[nodiscard]] T& get(Handle h) {
    T* found = find(h);
    WP_ASSERT(found != nullptr);
    return *found;
  }

  // The handle of the live object at an index, as timers and lists that keep only the index need it.
  [[nodiscard]] Handle at(std::uint32_t index) const {
    WP_ASSERT(index < touched_ && slots_[index].live);
    return {index, slots_[index].generation};
  }

  void destroy(Handle h) {
    get(h).~T();
    slots_[h.index].live = false;
    free_.push_back(h.index);
    --live_;
  }

  // Calls visit(handle, object) for every live object. For shutdown and tests: O(touched).
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t i = 0; i < touched_; ++i) {
      if (slots_[i].live) visit(Handle{i, slots_[i].generation}, *object(i));
    }
  }

  [[nodiscard]] std::uint32_t live() const { return live_; }
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  [[nodiscard]] bool full() const { return live_ == capacity_; }

 private:
  struct Slot {
    alignas(T) unsigned char storage[sizeof(T)];
    std::uint32_t generation;
    bool live;
  };

  T* object(std::uint32_t index) { return std::launder(reinterpret_cast<T*>(slots_[index].storage)); }

  std::unique_ptr<Slot[]> slots_;  // left untouched until first use
  std::uint32_t capacity_;
  std::uint32_t touched_ = 0;
  std::uint32_t live_ = 0;
  std::vector<std::uint32_t> free_;
};

}  // namespace wp
