#include "controlplane/shard_watch.h"

#include <gtest/gtest.h>

namespace wp::control {
namespace {

TEST(ShardWatch, AnIdleShardThatTurnsWhenWokenIsWell) {
  shard::ShardMailbox mailbox;
  ShardWatch watch;
  watch.add(mailbox, [&mailbox] { mailbox.turns.add(); });
  for (int tick = 0; tick < 20; ++tick) {
    watch.tick();
    EXPECT_TRUE(watch.stalled().empty()) << tick;
  }
  EXPECT_EQ(watch.shards(), 1U);
}

TEST(ShardWatch, AShardThatDoesNotTurnIsNamedAndMayRecover) {
  shard::ShardMailbox well;
  shard::ShardMailbox stuck;
  int wakes = 0;
  ShardWatch watch;
  watch.add(well, [&well] { well.turns.add(); });
  watch.add(stuck, [&wakes] { ++wakes; });
  for (std::uint32_t tick = 1; tick < ShardWatch::kStalledTicks; ++tick) {
    watch.tick();
    EXPECT_TRUE(watch.stalled().empty());
  }
  watch.tick();
  EXPECT_EQ(watch.stalled(), std::vector<std::uint32_t>{1});
  EXPECT_EQ(wakes, static_cast<int>(ShardWatch::kStalledTicks));
  stuck.turns.add();
  watch.tick();
  EXPECT_TRUE(watch.stalled().empty());
}

}  // namespace
}  // namespace wp::control
