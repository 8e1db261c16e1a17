// A first-in-first-out list of small integers, each on it at most once, with O(1) removal from the middle. The links
// live in the list, not in the objects, so that an object may go away while others are queued.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/base/assert.h"

namespace wp {

class ReadyList {
 public:
  // `capacity`: indices are below it.
  explicit ReadyList(std::uint32_t capacity) : links_(capacity) {}

  [[nodiscard]] bool contains(std::uint32_t index) const { return links_[index].queued; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::uint32_t size() const { return size_; }

  // Appends unless it is queued already.
  void push(std::uint32_t index) {
    Links& links = links_[index];
    if (links.queued) return;
    links = {kEnd, tail_, true};
    (tail_ == kEnd ? head_ : links_[tail_].next) = index;
    tail_ = index;
    ++size_;
  }

  // Takes the oldest; false when empty.
  [[nodiscard]] bool pop(std::uint32_t& index) {
    if (head_ == kEnd) return false;
    index = head_;
    remove(index);
    return true;
  }

  // The oldest, which stays; false when empty.
  [[nodiscard]] bool front(std::uint32_t& index) const {
    index = head_;
    return head_ != kEnd;
  }

  // Takes it out wherever it stands; nothing happens when it is not queued.
  void remove(std::uint32_t index) {
    Links& links = links_[index];
    if (!links.queued) return;
    (links.previous == kEnd ? head_ : links_[links.previous].next) = links.next;
    (links.next == kEnd ? tail_ : links_[links.next].previous) = links.previous;
    links.queued = false;
    --size_;
  }

 private:
  static constexpr std::uint32_t kEnd = UINT32_MAX;
  struct Links {
    std::uint32_t next = kEnd;
    std::uint32_t previous = kEnd;
    bool queued = false;
  };

  std::vector<Links> links_;
  std::uint32_t head_ = kEnd;
  std::uint32_t tail_ = kEnd;
  std::uint32_t size_ = 0;
};

}  // namespace wp
