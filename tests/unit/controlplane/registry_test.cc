#include "controlplane/registry.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

namespace wp::control {
namespace {

using balance::ReplicaRef;
using balance::Snapshot;

ReplicaSpec spec(std::string_view text) {
  return parse_replica_spec(text).value();
}

std::string nth(int i) {
  return "10.0.0." + std::to_string(i) + ":8000";
}

struct Fixture {
  explicit Fixture(std::uint32_t max_replicas = 64, std::uint32_t slots = balance::kDefaultRingSlots)
      : accounts(max_replicas, 1), registry(config(slots), accounts, qsbr) {}

  static Registry::Config config(std::uint32_t slots) {
    Registry::Config config;
    config.pools[0].ring_slots = slots;
    return config;
  }

  // As the fleet does it: build, swap, say so.
  std::unique_ptr<const Snapshot> publish() {
    auto snapshot = registry.build();
    registry.published();
    return snapshot;
  }

  balance::Accounts accounts;
  Qsbr qsbr;
  Registry registry;
};

// Which replica the ring gives each of 10,000 keys.
std::map<std::uint64_t, std::string> owners(const Snapshot& snapshot) {
  std::map<std::uint64_t, std::string> result;
  const balance::Pool& pool = snapshot.pools.front();
  for (std::uint64_t key = 0; key < 10'000; ++key) {
    result[key] = snapshot.replicas[pool.pickable[pool.ring->order(key).front()]].name;
  }
  return result;
}

TEST(Registry, ASnapshotHoldsWhatWasAdded) {
  Fixture f;
  ASSERT_TRUE(f.registry.add(spec("10.0.0.1:8000,weight=7,priority=2")).has_value());
  ASSERT_TRUE(f.registry.add(spec("gpu:80")).has_value());
  const auto snapshot = f.publish();
  ASSERT_EQ(snapshot->replicas.size(), 2U);
  EXPECT_EQ(snapshot->replicas[0].weight, 7U);
  EXPECT_EQ(snapshot->replicas[0].priority, 2);
  EXPECT_TRUE(snapshot->replicas[0].pickable());
  EXPECT_EQ(snapshot->replicas[1].authority, "gpu");
  EXPECT_FALSE(snapshot->replicas[1].pickable()) << "its name has not been looked up";
  EXPECT_EQ(snapshot->route("any-model"), &snapshot->pools[0]);
  EXPECT_EQ(snapshot->version, 1U);
  EXPECT_FALSE(snapshot->draining);
}

TEST(Registry, PoolsHaveTheirOwnReplicasRingsAndTimes) {
  Registry::Config config;
  config.pools.resize(3);
  config.pools[0].name = "a";
  config.pools[0].ring_slots = 300;
  config.pools[0].timeouts.first_byte = seconds(1);
  config.pools[1].name = "b";
  config.pools[1].ring_slots = 500;
  config.pools[1].bounds.factor = 2;
  config.pools[2].name = "c";
  config.pools[2].strategy = balance::Strategy::least_loaded;
  config.routes = {{"*", "c"}, {"m", "b"}};
  config.client.head = seconds(2);
  balance::Accounts accounts(8, 3);
  Qsbr qsbr;
  Registry registry(config, accounts, qsbr);
  const auto add = [&](std::string_view text, const char* pool) {
    ReplicaSpec replica = spec(text);
    replica.pool = pool;
    return registry.add(replica);
  };
  ASSERT_TRUE(add("10.0.0.1:1", "b").has_value());
  ASSERT_TRUE(add("10.0.0.2:1", "").has_value());
  ASSERT_TRUE(add("10.0.0.3:1", "b").has_value());
  EXPECT_EQ(add("10.0.0.4:1", "d").error(), "there is no pool d");
  EXPECT_EQ(registry.find("10.0.0.2:1")->spec.pool, "a") << "the first, when none is named";
  const auto snapshot = registry.build();
  EXPECT_EQ(snapshot->client.head, seconds(2));
  ASSERT_EQ(snapshot->pools.size(), 3U);
  EXPECT_EQ(snapshot->pools[0].pickable, std::vector<std::uint16_t>{1});
  EXPECT_EQ(snapshot->pools[0].ring->slots(), 300U);
  EXPECT_EQ(snapshot->pools[0].timeouts.first_byte, seconds(1));
  EXPECT_EQ(snapshot->pools[1].pickable.size(), 2U);
  EXPECT_EQ(snapshot->pools[1].ring->slots(), 500U);
  EXPECT_DOUBLE_EQ(snapshot->pools[1].bounds.factor, 2);
  EXPECT_EQ(snapshot->pools[2].ring, nullptr);
  EXPECT_NE(snapshot->pools[0].id, snapshot->pools[1].id);
  EXPECT_EQ(snapshot->route("m"), &snapshot->pools[1]);
  EXPECT_EQ(snapshot->route("other"), &snapshot->pools[2]);
  EXPECT_EQ(registry.pools()[1].ring_order.size(), 2U);
}

TEST(Registry, ANameIsTakenOnce) {
  Fixture f;
  ASSERT_TRUE(f.registry.add(spec("gpu:80")).has_value());
  EXPECT_EQ(f.registry.add(spec("http://gpu")).error(), "there is a replica gpu:80 already");
  EXPECT_FALSE(f.registry.remove("other:80"));
  EXPECT_FALSE(f.registry.set_weight("other:80", 1));
  EXPECT_FALSE(f.registry.set_draining("other:80", true));
  EXPECT_FALSE(f.registry.set_endpoints("other:80", {}));
}

TEST(Registry, StateAndAddressesDecideWhoIsPickable) {
  Fixture f;
  ASSERT_TRUE(f.registry.add(spec("gpu:80")).has_value());
  EXPECT_EQ(f.registry.pickable(), 0U);
  ASSERT_TRUE(f.registry.set_endpoints("gpu:80", {parse_endpoint("10.0.0.1:80").value()}));
  EXPECT_EQ(f.publish()->pools[0].pickable.size(), 1U);
  ASSERT_TRUE(f.registry.set_draining("gpu:80", true));
  EXPECT_EQ(f.publish()->pools[0].pickable.size(), 0U);
  ASSERT_TRUE(f.registry.set_draining("gpu:80", false));
  EXPECT_EQ(f.publish()->pools[0].pickable.size(), 1U);
}

TEST(Registry, DrainingIsInEverySnapshotFromThenOn) {
  Fixture f;
  f.registry.set_draining();
  EXPECT_TRUE(f.publish()->draining);
  EXPECT_TRUE(f.publish()->draining);
}

TEST(Registry, RemovingOneOfEightMovesOnlyItsKeys) {
  Fixture f;
  for (int i = 1; i <= 8; ++i) ASSERT_TRUE(f.registry.add(spec(nth(i))).has_value());
  const auto before = owners(*f.publish());
  ASSERT_TRUE(f.registry.remove(nth(3)));
  const auto after = owners(*f.publish());
  std::size_t moved = 0;
  for (const auto& [key, owner] : before) {
    if (owner == nth(3)) {
      ++moved;
      EXPECT_NE(after.at(key), nth(3));
    } else {
      EXPECT_EQ(after.at(key), owner) << key;
    }
  }
  EXPECT_GT(moved, 1000U);
  EXPECT_LT(moved, 1500U);
}

TEST(Registry, AddingTheSameNameAgainGivesTheSameRing) {
  Fixture f;
  for (int i = 1; i <= 8; ++i) ASSERT_TRUE(f.registry.add(spec(nth(i))).has_value());
  const auto before = f.publish();
  ASSERT_TRUE(f.registry.remove(nth(3)));
  EXPECT_FALSE(*f.publish()->pools[0].ring == *before->pools[0].ring);
  ASSERT_TRUE(f.registry.add(spec(nth(3))).has_value());
  const auto after = f.publish();
  EXPECT_TRUE(*after->pools[0].ring == *before->pools[0].ring);
  EXPECT_EQ(owners(*after), owners(*before));
}

TEST(Registry, RingOrderNamesTheRingsMembers) {
  Fixture f;
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(f.registry.add(spec(nth(i))).has_value());
  ASSERT_TRUE(f.registry.set_draining(nth(2), true));
  const auto snapshot = f.publish();
  const auto& order = f.registry.pools()[0].ring_order;
  ASSERT_EQ(order.size(), f.registry.pools()[0].ring->members());
  for (std::size_t i = 0; i < order.size(); ++i) {
    EXPECT_EQ(order[i], snapshot->replicas[snapshot->pools[0].pickable[i]].ref);
  }
}

TEST(Registry, AnIdWaitsForItsStreams) {
  Fixture f(1);
  const ReplicaRef first = f.registry.add(spec(nth(1))).value();
  const auto snapshot = f.publish();
  balance::Charge charge = f.accounts.charge(first, 0, 100, {});
  ASSERT_TRUE(f.registry.remove(nth(1)));
  const auto without = f.publish();
  EXPECT_EQ(f.registry.recycle(), 1U);
  EXPECT_FALSE(f.registry.add(spec(nth(2))).has_value()) << "the only id still has a stream";
  charge.release_prefill();
  EXPECT_EQ(f.registry.recycle(), 1U);
  charge.release();
  const auto second = f.registry.add(spec(nth(2)));  // adding looks for itself
  ASSERT_TRUE(second.has_value()) << second.error();
  EXPECT_EQ(second->id, first.id);
  EXPECT_EQ(second->generation, first.generation + 1);
  EXPECT_EQ(f.publish()->find(first), nullptr) << "an old reference never finds the id's new owner";
}

TEST(Registry, AnIdWaitsForItsGracePeriod) {
  Fixture f(1);
  ASSERT_TRUE(f.registry.add(spec(nth(1))).has_value());
  const auto first = f.publish();
  f.qsbr.quiescent(0);  // a shard that reads the first Snapshot
  ASSERT_TRUE(f.registry.remove(nth(1)));
  EXPECT_EQ(f.registry.recycle(), 1U) << "it has not even left the published Snapshot";
  const auto second = f.publish();
  EXPECT_EQ(f.registry.recycle(), 1U);
  EXPECT_FALSE(f.registry.add(spec(nth(2))).has_value());
  f.qsbr.quiescent(0);
  EXPECT_EQ(f.registry.recycle(), 0U);
  EXPECT_TRUE(f.registry.add(spec(nth(2))).has_value());
}

TEST(Registry, CountsOfAnIdsEarlierOwnerAreNotTheNewOnes) {
  Fixture f(1);
  const ReplicaRef first = f.registry.add(spec(nth(1))).value();
  for (int i = 0; i < 3; ++i) f.accounts.charge(first, 0, 1, {}).release();
  ASSERT_TRUE(f.registry.remove(nth(1)));
  const auto snapshot = f.publish();
  ASSERT_TRUE(f.registry.add(spec(nth(2))).has_value());
  const Member& member = f.registry.members().front();
  EXPECT_EQ(f.accounts.charged(member.ref.id) - member.charged_before, 0U);
  EXPECT_EQ(f.accounts.released(member.ref.id) - member.released_before, 0U);
}

TEST(Registry, AThousandChangesUseFewIdsAndKeepReferencesApart) {
  Fixture f(16, 1024);
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  std::unique_ptr<const Snapshot> snapshot;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = nth(i % 8);
    if (f.registry.find(name) != nullptr) {
      ASSERT_TRUE(f.registry.remove(name));
    } else {
      const auto ref = f.registry.add(spec(name));
      ASSERT_TRUE(ref.has_value()) << ref.error();
      EXPECT_TRUE(seen.emplace(ref->id, ref->generation).second) << "a reference was used twice";
      EXPECT_LT(ref->id, 16U);
    }
    snapshot = f.publish();
    ASSERT_EQ(snapshot->version, static_cast<std::uint64_t>(i) + 1);
    for (const balance::Replica& replica : snapshot->replicas) ASSERT_EQ(snapshot->find(replica.ref), &replica);
    f.registry.recycle();
  }
  Fixture fresh(16, 1024);
  for (const Member& member : f.registry.members()) ASSERT_TRUE(fresh.registry.add(member.spec).has_value());
  if (!f.registry.members().empty()) {
    EXPECT_TRUE(*fresh.publish()->pools[0].ring == *snapshot->pools[0].ring);
  }
}

}  // namespace
}  // namespace wp::control
