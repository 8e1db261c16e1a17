#include "controlplane/shard_watch.h"

#include <utility>

namespace wp::control {

void ShardWatch::add(const shard::ShardMailbox& mailbox, std::function<void()> wake) {
  watched_.push_back({&mailbox, std::move(wake), mailbox.turns.value(), 0});
}

void ShardWatch::tick() {
  for (Watched& watched : watched_) {
    const std::uint64_t turns = watched.mailbox->turns.value();
    watched.ticks_without = turns == watched.turns ? watched.ticks_without + 1 : 0;
    watched.turns = turns;
    watched.wake();
  }
}

std::vector<ShardFigures> ShardWatch::figures() const {
  std::vector<ShardFigures> figures;
  figures.reserve(watched_.size());
  for (const Watched& watched : watched_) {
    figures.push_back({.turns = watched.mailbox->turns.value(),
                       .connections = watched.mailbox->connections.value(),
                       .stalled = watched.ticks_without >= kStalledTicks});
  }
  return figures;
}

std::vector<std::uint32_t> ShardWatch::stalled() const {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < watched_.size(); ++i) {
    if (watched_[i].ticks_without >= kStalledTicks) numbers.push_back(i);
  }
  return numbers;
}

}  // namespace wp::control
