#include "controlplane/core_plan.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace wp::control {
namespace {

using Cores = std::vector<int>;

TEST(CorePlan, OneCoreIsLeftToTheControlThread) {
  const CorePlan plan = plan_cores({0, 1, 2, 3}, 0, true).value();
  EXPECT_EQ(plan.shards, 3U);
  EXPECT_EQ(plan.shard_cores, (Cores{1, 2, 3}));
  EXPECT_EQ(plan.control_cores, Cores{0});
  EXPECT_EQ(plan.warning, "");
}

TEST(CorePlan, OnlyAllowedCoresAreUsed) {
  const CorePlan plan = plan_cores({3, 5, 9}, 1, true).value();
  EXPECT_EQ(plan.shard_cores, Cores{9});
  EXPECT_EQ(plan.control_cores, (Cores{3, 5}));
}

TEST(CorePlan, ASingleCoreServesAndIsShared) {
  const CorePlan plan = plan_cores({0}, 0, true).value();
  EXPECT_EQ(plan.shards, 1U);
  EXPECT_EQ(plan.shard_cores, Cores{0});
  EXPECT_TRUE(plan.control_cores.empty());
  EXPECT_NE(plan.warning, "");
}

TEST(CorePlan, MoreShardsThanCoresNeedNoPin) {
  EXPECT_EQ(plan_cores({0, 1}, 3, true).error(), "--shards 3: only 2 cores may be used; give fewer, or --no-pin");
  const CorePlan plan = plan_cores({0, 1}, 3, false).value();
  EXPECT_EQ(plan.shards, 3U);
  EXPECT_TRUE(plan.shard_cores.empty());
  EXPECT_TRUE(plan.control_cores.empty());
  EXPECT_EQ(plan.warning, "");
}

TEST(CorePlan, TheSystemAllowsSomeCores) {
  const Cores cores = allowed_cores();
  ASSERT_FALSE(cores.empty());
  EXPECT_TRUE(std::ranges::is_sorted(cores));
}

}  // namespace
}  // namespace wp::control
