// What engines report of themselves and our accounts cannot know: prompts that wait there and came by another way, from
// another gateway or a client that asks the engine directly. One word a replica, written by the control thread and read
// at each pick; it says itself until when it holds, so that a reporter that falls silent is forgotten without anybody's
// doing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "dataplane/base/assert.h"
#include "dataplane/base/time.h"

namespace wp::balance {

class ReportTable {
 public:
  explicit ReportTable(std::uint32_t max_replicas);

  // So many tokens of prompts that are not ours wait there, as far as is known until then. What is more than
  // kMostTokens counts as that. Control thread.
  void set_others(std::uint32_t replica_id, std::uint64_t tokens, Instant until);
  void forget(std::uint32_t replica_id);

  // Any thread: those tokens; 0 when nothing is known, or it was too long ago.
  [[nodiscard]] std::uint32_t others(std::uint32_t replica_id, Instant now) const {
    WP_ASSERT(replica_id < max_replicas_);
    const std::uint64_t word = words_[replica_id].load(std::memory_order_relaxed);
    return word == 0 ? 0 : others_of(word, now);
  }

  static constexpr std::uint32_t kMostTokens = (1U << 28U) - 1;

 private:
  [[nodiscard]] static std::uint32_t others_of(std::uint64_t word, Instant now);

  std::uint32_t max_replicas_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> words_;  // by replica id: until, in ms, above the tokens
};

}  // namespace wp::balance
