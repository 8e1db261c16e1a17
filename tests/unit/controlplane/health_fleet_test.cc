// What follows from the verdicts: who can be picked, what the operator's wishes have to do with it, what is shown.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/controlplane/health_peer.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

using balance::ReplicaState;

ReplicaSpec spec_at(const HealthPeer& peer) {
  return spec_of(wp::to_string(peer.at()));
}

struct Checked : World {
  Checked() : World(seconds(3600), 16, {.interval = millis(8), .timeout = seconds(5)}) {}

  [[nodiscard]] ReplicaState state_of(const HealthPeer& peer) const {
    for (const balance::Replica& replica : snapshot().replicas) {
      if (replica.name == wp::to_string(peer.at())) return replica.state;
    }
    return ReplicaState::down;
  }
  bool reaches(const HealthPeer& peer, ReplicaState state) {
    return run_until(io, [&] { return state_of(peer) == state; });
  }
};

TEST(HealthOfFleet, ReplicasOfTheStartServeBeforeTheyAreJudged) {
  Checked w;
  HealthPeer peer(w.io, status_reply(503));
  const std::vector<ReplicaSpec> specs = {spec_at(peer)};
  ASSERT_TRUE(w.fleet.start(specs).has_value());
  EXPECT_EQ(w.state_of(peer), ReplicaState::up);
  EXPECT_TRUE(w.reaches(peer, ReplicaState::starting));
  EXPECT_TRUE(w.snapshot().pools[0].pickable.empty());
}

TEST(HealthOfFleet, AnAddedReplicaWaitsForItsFirstCheck) {
  Checked w;
  HealthPeer old(w.io, status_reply(200));
  HealthPeer added(w.io, status_reply(200));
  const std::vector<ReplicaSpec> specs = {spec_at(old)};
  ASSERT_TRUE(w.fleet.start(specs).has_value());
  ASSERT_TRUE(w.reaches(old, ReplicaState::up));
  ASSERT_TRUE(w.fleet.add(spec_at(added)).has_value());
  EXPECT_EQ(w.state_of(added), ReplicaState::starting);
  EXPECT_TRUE(w.reaches(added, ReplicaState::up));
}

TEST(HealthOfFleet, WhereNobodyElseServesAnAddedReplicaDoesAtOnce) {
  Checked w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  HealthPeer first(w.io, "");
  HealthPeer second(w.io, "");
  ASSERT_TRUE(w.fleet.add(spec_at(first)).has_value());
  EXPECT_EQ(w.state_of(first), ReplicaState::up);
  ASSERT_TRUE(w.fleet.add(spec_at(second)).has_value());
  EXPECT_EQ(w.state_of(second), ReplicaState::starting);
  ASSERT_TRUE(w.fleet.remove(spec_at(first).name).has_value());
  EXPECT_EQ(w.state_of(second), ReplicaState::up) << "it is the only one now, and nothing speaks against it";
}

TEST(HealthOfFleet, TheOperatorAndTheChecksDoNotUndoEachOther) {
  Checked w;
  HealthPeer peer(w.io, status_reply(200));
  const std::string name = spec_at(peer).name;
  const std::vector<ReplicaSpec> specs = {spec_at(peer)};
  ASSERT_TRUE(w.fleet.start(specs).has_value());
  ASSERT_TRUE(run_until(w.io, [&] { return w.registry.find(name)->health == Health::up; }));
  ASSERT_TRUE(w.fleet.drain(name).has_value());
  peer.reply = status_reply(500);
  ASSERT_TRUE(run_until(w.io, [&] { return w.registry.find(name)->health == Health::down; }));
  EXPECT_EQ(w.state_of(peer), ReplicaState::draining) << "still what the operator said";
  ASSERT_TRUE(w.fleet.undrain(name).has_value());
  EXPECT_EQ(w.state_of(peer), ReplicaState::down) << "undraining heals nothing";
  peer.reply = status_reply(200);
  EXPECT_TRUE(w.reaches(peer, ReplicaState::up));
}

TEST(HealthOfFleet, AVerdictLeavesTheAccountsAlone) {
  Checked w;
  HealthPeer peer(w.io, status_reply(200));
  const std::vector<ReplicaSpec> specs = {spec_at(peer)};
  ASSERT_TRUE(w.fleet.start(specs).has_value());
  const balance::ReplicaRef ref = w.snapshot().replicas[0].ref;
  balance::Charge charge = w.accounts.charge(ref, 0, 77, {});
  peer.stop();
  ASSERT_TRUE(w.reaches(peer, ReplicaState::down));
  EXPECT_EQ(w.accounts.load(ref.id).prefill, 77U);
  EXPECT_EQ(w.accounts.load(ref.id).streams, 1U);
  EXPECT_NE(w.snapshot().find(ref), nullptr) << "its streams still find it";
  charge.release();
}

TEST(HealthOfFleet, WithEveryReplicaDownNobodyIsPickedAndTheDaemonIsNotReady) {
  Checked w;
  HealthPeer peer(w.io, status_reply(500));
  const std::vector<ReplicaSpec> specs = {spec_at(peer)};
  ASSERT_TRUE(w.fleet.start(specs).has_value());
  ASSERT_TRUE(w.reaches(peer, ReplicaState::down));
  EXPECT_TRUE(w.snapshot().pools[0].pickable.empty());
  EXPECT_EQ(w.api.handle({"GET", "/ready", "", false}).status, 503U);
  peer.reply = status_reply(200);
  ASSERT_TRUE(w.reaches(peer, ReplicaState::up));
  EXPECT_EQ(w.api.handle({"GET", "/ready", "", false}).status, 200U);
}

TEST(HealthOfFleet, WhatTheChecksFoundIsShown) {
  Checked w;
  HealthPeer peer(w.io, status_reply(404));
  const std::vector<ReplicaSpec> specs = {spec_at(peer)};
  ASSERT_TRUE(w.fleet.start(specs).has_value());
  ASSERT_TRUE(run_until(w.io, [&] { return w.registry.members()[0].health == Health::up; }));
  const auto shown = nlohmann::json::parse(w.api.handle({"GET", "/replicas", "", false}).body).at("replicas").at(0);
  EXPECT_EQ(shown.at("health"), "up");
  EXPECT_EQ(shown.at("draining"), false);
  const std::string text = w.exposition.scrape();
  EXPECT_EQ(text.find(R"(warmpath_health_checks_total{result="no_page"} 0)"), std::string::npos) << text;
  EXPECT_NE(text.find("warmpath_replica_health_changes_total{replica=\"" + spec_at(peer).name + "\",to=\"up\"} 1\n"),
            std::string::npos);
}

TEST(HealthOfFleet, ANewPolicyKeepsTheVerdictsUntilItsOwnChecksSayOtherwise) {
  Checked w;
  HealthPeer peer(w.io, status_reply(500));
  const std::vector<ReplicaSpec> specs = {spec_at(peer)};
  ASSERT_TRUE(w.fleet.start(specs).has_value());
  ASSERT_TRUE(w.reaches(peer, ReplicaState::down));
  Settings next;
  next.pools.emplace_back().replicas = specs;
  next.pools[0].health = {.interval = millis(8), .timeout = seconds(5), .rise = 5};
  ASSERT_TRUE(w.fleet.reconfigure(next).has_value());
  EXPECT_EQ(w.state_of(peer), ReplicaState::down);
  const int asked = peer.asked;
  peer.reply = status_reply(200);
  ASSERT_TRUE(w.reaches(peer, ReplicaState::up));
  EXPECT_GE(peer.asked - asked, 5) << "one that was down needs `rise` passed checks";
}

TEST(HealthOfFleet, ARemovedReplicaIsNotCheckedAnyMore) {
  Checked w;
  HealthPeer gone(w.io, status_reply(200));
  HealthPeer stays(w.io, status_reply(200));
  const std::vector<ReplicaSpec> specs = {spec_at(gone), spec_at(stays)};
  ASSERT_TRUE(w.fleet.start(specs).has_value());
  ASSERT_TRUE(run_until(w.io, [&] { return gone.asked > 0 && gone.waiting == 0; }));
  ASSERT_TRUE(w.fleet.remove(spec_at(gone).name).has_value());
  const int asked = gone.asked;
  const int seen = stays.asked;
  ASSERT_TRUE(run_until(w.io, [&] { return stays.asked > seen + 5; }));
  EXPECT_LE(gone.asked, asked + 1) << "but for one that was on its way";
}

}  // namespace
}  // namespace wp::control
