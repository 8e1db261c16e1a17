#include "dataplane/balance/snapshot.h"

#include <gtest/gtest.h>

#include "dataplane/balance/seal.h"
#include "tests/unit/balance/fleet.h"

namespace wp::balance {
namespace {

using testing::replica_of;

TEST(Strategy, WordsAreReadAsTheyAreWritten) {
  for (const Strategy strategy : {Strategy::warm, Strategy::prefix, Strategy::least_loaded, Strategy::round_robin}) {
    Strategy read = strategy == Strategy::prefix ? Strategy::round_robin : Strategy::prefix;
    EXPECT_TRUE(parse_strategy(word(strategy), read));
    EXPECT_EQ(read, strategy);
  }
  EXPECT_EQ(word(Strategy::least_loaded), "least-loaded");
}

TEST(Strategy, UnknownWordsAreRefusedAndLeaveTheValue) {
  for (const auto text : {"", "Prefix", "prefix ", "least_loaded", "roundrobin", "prefi", "?"}) {
    Strategy strategy = Strategy::round_robin;
    EXPECT_FALSE(parse_strategy(text, strategy)) << text;
    EXPECT_EQ(strategy, Strategy::round_robin);
  }
}

TEST(ReplicaState, HasItsOwnWord) {
  EXPECT_EQ(word(ReplicaState::up), "up");
  EXPECT_EQ(word(ReplicaState::starting), "starting");
  EXPECT_EQ(word(ReplicaState::draining), "draining");
  EXPECT_EQ(word(ReplicaState::down), "down");
}

TEST(Replica, IsPickableOnlyWhenUpAndResolved) {
  Replica replica = replica_of(0);
  EXPECT_TRUE(replica.pickable());
  for (const ReplicaState state : {ReplicaState::starting, ReplicaState::draining, ReplicaState::down}) {
    replica.state = state;
    EXPECT_FALSE(replica.pickable());
  }
  replica.state = ReplicaState::up;
  replica.endpoints.clear();
  EXPECT_FALSE(replica.pickable());
}

Snapshot routed(std::vector<Route> routes) {
  Snapshot snapshot;
  snapshot.pools.resize(3);
  snapshot.routes = std::move(routes);
  seal(snapshot);
  return snapshot;
}

TEST(Snapshot, ExactNamesComeBeforeBeginningsAndLongBeforeShort) {
  const Snapshot snapshot = routed({{"*", 0}, {"llama-*", 1}, {"llama-3", 0}, {"llama-3-*", 2}, {"a", 2}});
  EXPECT_EQ(snapshot.route("llama-3"), &snapshot.pools[0]);
  EXPECT_EQ(snapshot.route("llama-3-8b"), &snapshot.pools[2]);
  EXPECT_EQ(snapshot.route("llama-"), &snapshot.pools[1]);
  EXPECT_EQ(snapshot.route("llama-4"), &snapshot.pools[1]);
  EXPECT_EQ(snapshot.route("llama"), &snapshot.pools[0]);
  EXPECT_EQ(snapshot.route("a"), &snapshot.pools[2]);
  EXPECT_EQ(snapshot.route("ab"), &snapshot.pools[0]);
  EXPECT_EQ(snapshot.route_of("llama-3-8b")->model, "llama-3-*");
  EXPECT_EQ(snapshot.route_of("a")->model, "a");
}

TEST(Snapshot, ARequestWithoutAModelTakesTheRouteForEveryModel) {
  EXPECT_EQ(routed({{"a", 1}}).route(""), nullptr);
  const Snapshot snapshot = routed({{"a", 1}, {"", 2}});
  EXPECT_EQ(snapshot.route(""), &snapshot.pools[2]);
}

TEST(Snapshot, AnUnknownModelHasNoPool) {
  const Snapshot snapshot = routed({{"model", 1}});
  EXPECT_EQ(snapshot.route("mode"), nullptr);
  EXPECT_EQ(snapshot.route("model2"), nullptr);
  EXPECT_EQ(snapshot.route("Model"), nullptr);
  EXPECT_EQ(Snapshot().route("model"), nullptr);
}

TEST(SnapshotDeathTest, ARouteToNowhereIsAWrongProgram) {
  EXPECT_DEATH(static_cast<void>(routed({{"a", 3}})), "assertion failed");
}

TEST(Snapshot, FindsReplicasByReferenceWhateverTheirOrder) {
  Snapshot snapshot;
  for (const std::uint32_t id : {9U, 2U, 40U}) snapshot.replicas.push_back(replica_of(id));
  snapshot.replicas[1].ref.generation = 5;
  seal(snapshot);
  EXPECT_EQ(snapshot.find({9, 1}), &snapshot.replicas[0]);
  EXPECT_EQ(snapshot.find({2, 5}), &snapshot.replicas[1]);
  EXPECT_EQ(snapshot.find({40, 1}), &snapshot.replicas[2]);
}

TEST(Snapshot, WhoHasLeftOrWhoseIdIsReusedIsNotFound) {
  Snapshot snapshot;
  snapshot.replicas.push_back(replica_of(2));
  snapshot.replicas[0].ref.generation = 5;
  seal(snapshot);
  EXPECT_EQ(snapshot.find({2, 4}), nullptr) << "an earlier holder of the id";
  EXPECT_EQ(snapshot.find({1, 1}), nullptr);
  EXPECT_EQ(snapshot.find({3, 1}), nullptr);
  EXPECT_EQ(snapshot.find({UINT32_MAX, 1}), nullptr);
  EXPECT_EQ(snapshot.find({}), nullptr);
  EXPECT_EQ(Snapshot().find({0, 1}), nullptr);
}

}  // namespace
}  // namespace wp::balance
