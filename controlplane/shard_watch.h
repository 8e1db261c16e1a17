// Whether every shard's loop turns. An idle shard sleeps, so it is woken before it is judged.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dataplane/shard/mailbox.h"

namespace wp::control {

struct ShardFigures {
  std::uint64_t turns = 0;  // of its loop, since it began
  std::uint64_t connections = 0;
  bool stalled = false;
};

// Control thread only; mailboxes outlive it.
class ShardWatch {
 public:
  // A shard that has not turned for this many ticks, though woken at each, is stalled.
  static constexpr std::uint32_t kStalledTicks = 3;

  // `wake` makes the shard's transport return from its wait.
  void add(const shard::ShardMailbox& mailbox, std::function<void()> wake);

  // Call about once a second.
  void tick();

  [[nodiscard]] std::uint32_t shards() const { return static_cast<std::uint32_t>(watched_.size()); }
  // By shard number, as of now.
  [[nodiscard]] std::vector<ShardFigures> figures() const;
  // Numbers of the shards that do not turn.
  [[nodiscard]] std::vector<std::uint32_t> stalled() const;

 private:
  struct Watched {
    const shard::ShardMailbox* mailbox;
    std::function<void()> wake;
    std::uint64_t turns = 0;
    std::uint32_t ticks_without = 0;
  };
  std::vector<Watched> watched_;
};

}  // namespace wp::control
