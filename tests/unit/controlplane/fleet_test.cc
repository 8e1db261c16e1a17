#include "controlplane/fleet.h"

#include <initializer_list>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

TEST(Fleet, StartPublishesOneSnapshotOfAll) {
  World w;
  const std::vector<ReplicaSpec> specs = {spec_of("10.0.0.1:1"), spec_of("10.0.0.2:1")};
  ASSERT_TRUE(w.fleet.start(specs).has_value());
  EXPECT_EQ(w.snapshot().version, 1U);
  EXPECT_EQ(w.snapshot().replicas.size(), 2U);
}

TEST(Fleet, StartWithoutReplicasStillPublishes) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_NE(w.published.read(), nullptr);
  EXPECT_NE(w.snapshot().route("m"), nullptr);
}

TEST(Fleet, AChangeIsPublishedWhenItReturns) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.1:1")).has_value());
  EXPECT_EQ(w.snapshot().replicas.size(), 1U);
  ASSERT_TRUE(w.fleet.set_weight("10.0.0.1:1", 7).has_value());
  EXPECT_EQ(w.snapshot().replicas[0].weight, 7U);
  ASSERT_TRUE(w.fleet.drain("10.0.0.1:1").has_value());
  EXPECT_EQ(w.snapshot().replicas[0].state, balance::ReplicaState::draining);
  ASSERT_TRUE(w.fleet.undrain("10.0.0.1:1").has_value());
  EXPECT_EQ(w.snapshot().replicas[0].state, balance::ReplicaState::up);
  ASSERT_TRUE(w.fleet.remove("10.0.0.1:1").has_value());
  EXPECT_TRUE(w.snapshot().replicas.empty());
  w.fleet.drain_all();
  EXPECT_TRUE(w.snapshot().draining);
  EXPECT_EQ(w.snapshot().version, 7U);
}

TEST(Fleet, ErrorsSayWhoseFaultAndPublishNothing) {
  World w(seconds(3600), 1);
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.1:1")).has_value());
  EXPECT_EQ(w.fleet.add(spec_of("10.0.0.1:1")).error().fault, FleetFault::conflict);
  EXPECT_EQ(w.fleet.add(spec_of("10.0.0.2:1")).error().fault, FleetFault::full);
  EXPECT_EQ(w.fleet.remove("10.0.0.9:1").error().fault, FleetFault::unknown);
  EXPECT_EQ(w.fleet.drain("10.0.0.9:1").error().text, "there is no replica 10.0.0.9:1");
  EXPECT_EQ(w.snapshot().version, 2U);
}

TEST(Fleet, ANamedReplicaBecomesPickableWhenItIsLookedUp) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("localhost:4321")).has_value());
  EXPECT_TRUE(w.snapshot().pools[0].pickable.empty());
  ASSERT_TRUE(run_until(w.io, [&] { return !w.snapshot().pools[0].pickable.empty(); }));
  for (const Endpoint& endpoint : w.snapshot().replicas[0].endpoints) EXPECT_EQ(endpoint.port, 4321);
}

TEST(Fleet, AnOldSnapshotIsFreedSoonAfterItsReaderTurns) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  w.qsbr.quiescent(0);
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.1:1")).has_value());
  EXPECT_EQ(w.publisher.counters().held.value(), 1U);
  w.qsbr.offline(0);
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(run_until(w.io, [&] { return w.publisher.counters().held.value() == 0; }));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(100));
}

TEST(Fleet, NothingWaitingMeansNoTimer) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.1:1")).has_value());
  ASSERT_TRUE(w.fleet.remove("10.0.0.1:1").has_value());
  ASSERT_TRUE(run_until(w.io, [&] { return w.io.stopped(); })) << "an idle control plane has work left";
}

// Pools with a replica each, by the pool's name.
Settings pools_of(std::initializer_list<std::pair<const char*, const char*>> pools) {
  Settings settings;
  for (const auto& [name, replica] : pools) {
    PoolSettings& pool = settings.pools.emplace_back();
    pool.name = name;
    pool.health.enabled = false;
    pool.replicas = {spec_of(replica)};
    pool.replicas[0].pool = name;
  }
  return settings;
}

TEST(Fleet, AReplicaThatComesBackWithoutAPoolIsOfTheOneItHad) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.reconfigure(pools_of({{"a", "10.0.0.1:1"}, {"b", "10.0.0.2:1"}})).has_value());
  ASSERT_TRUE(w.fleet.remove("10.0.0.2:1").has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.2:1")).has_value());
  EXPECT_EQ(w.registry.find("10.0.0.2:1")->spec.pool, "b");
  EXPECT_TRUE(w.fleet.overlay().changes().empty());
}

TEST(Fleet, AReplicaAddedWithoutAPoolStaysWhereItJoined) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.reconfigure(pools_of({{"a", "10.0.0.1:1"}, {"b", "10.0.0.2:1"}})).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.3:1")).has_value());
  EXPECT_EQ(w.registry.find("10.0.0.3:1")->spec.pool, "a");
  ASSERT_TRUE(w.fleet.reconfigure(pools_of({{"b", "10.0.0.2:1"}, {"a", "10.0.0.1:1"}})).has_value());
  EXPECT_EQ(w.registry.find("10.0.0.3:1")->spec.pool, "a");
}

TEST(Fleet, AnAdditionThatFitsNoMoreDoesNotKeepTheOthersFromStarting) {
  World w;
  Changes changes;
  for (const char* name : {"10.0.0.2:1", "stale.test:1"}) changes[name].added = spec_of(name);
  changes["stale.test:1"].added->pool = "gone";
  w.fleet.remember(changes, nullptr);
  ASSERT_TRUE(w.fleet.start(std::vector{spec_of("10.0.0.1:1")}).has_value());
  EXPECT_EQ(w.snapshot().replicas.size(), 2U);
  EXPECT_NE(w.registry.find("10.0.0.2:1"), nullptr);
  EXPECT_EQ(w.registry.find("stale.test:1"), nullptr);
  EXPECT_NE(w.fleet.overlay().find("stale.test:1"), nullptr) << "it may fit again";
  ASSERT_TRUE(w.fleet.reset("stale.test:1").has_value());
  EXPECT_EQ(w.snapshot().replicas.size(), 2U);
}

TEST(Fleet, AReconfigurationKeepsWhatWasChanged) {
  World w;
  ASSERT_TRUE(w.fleet.start(std::vector{spec_of("10.0.0.1:1"), spec_of("10.0.0.2:1")}).has_value());
  ASSERT_TRUE(w.fleet.drain("10.0.0.1:1").has_value());
  const balance::ReplicaRef kept = w.registry.find("10.0.0.1:1")->ref;
  Settings next;
  next.pools.emplace_back().replicas = {spec_of("10.0.0.1:1,weight=5"), spec_of("10.0.0.3:1")};
  next.pools[0].health.enabled = false;
  ASSERT_TRUE(w.fleet.reconfigure(next).has_value());
  EXPECT_EQ(w.registry.find("10.0.0.1:1")->ref, kept);
  EXPECT_TRUE(w.registry.find("10.0.0.1:1")->draining);
  EXPECT_EQ(w.registry.find("10.0.0.1:1")->spec.weight, 5U);
  EXPECT_EQ(w.registry.find("10.0.0.2:1"), nullptr);
  EXPECT_NE(w.registry.find("10.0.0.3:1"), nullptr);
}

TEST(Fleet, AConfiguredReplicaThatCannotJoinKeepsItFromStarting) {
  World w;
  const std::vector<ReplicaSpec> specs = {spec_of("10.0.0.1:1"), spec_of("10.0.0.1:1")};
  EXPECT_FALSE(w.fleet.start(specs).has_value());
}

}  // namespace
}  // namespace wp::control
