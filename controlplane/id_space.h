// Ids that are handed out again only when nobody can hold them any more: their last owner has left the Snapshot, a
// grace period has passed since, and what was counted for it is over.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "dataplane/base/qsbr.h"

namespace wp::control {

class IdSpace {
 public:
  // Ids from 0 to one below `size`.
  explicit IdSpace(std::uint32_t size) : size_(size) {}

  [[nodiscard]] std::optional<std::uint32_t> take() {
    if (!free_.empty()) {
      const std::uint32_t id = free_.back();
      free_.pop_back();
      return id;
    }
    if (fresh_ == size_) return {};
    return fresh_++;
  }

  // How many can be taken now.
  [[nodiscard]] std::uint32_t room() const { return size_ - fresh_ + static_cast<std::uint32_t>(free_.size()); }

  // The owner leaves with the next Snapshot.
  void leave(std::uint32_t id) { leaving_.push_back({.id = id}); }
  // That Snapshot is published: grace periods begin.
  void published(Qsbr& qsbr) {
    std::uint64_t grace = 0;
    for (Leaving& leaving : leaving_) {
      if (leaving.unpublished) continue;
      if (grace == 0) grace = qsbr.mark();
      leaving.unpublished = true;
      leaving.grace = grace;
    }
  }

  // Frees ids whose time has come; returns how many still wait. The grace period comes first: until it has passed a
  // shard may still charge the id.
  template <class Idle>
  std::uint32_t recycle(const Qsbr& qsbr, Idle&& idle) {
    std::erase_if(leaving_, [&](const Leaving& leaving) {
      if (!leaving.unpublished || !qsbr.passed(leaving.grace) || !idle(leaving.id)) return false;
      free_.push_back(leaving.id);
      return true;
    });
    return static_cast<std::uint32_t>(leaving_.size());
  }

 private:
  struct Leaving {
    std::uint32_t id = 0;
    bool unpublished = false;
    std::uint64_t grace = 0;  // Qsbr epoch, once unpublished
  };

  std::uint32_t size_;
  std::uint32_t fresh_ = 0;
  std::vector<std::uint32_t> free_;
  std::vector<Leaving> leaving_;
};

}  // namespace wp::control
