#include "tools/load/load.h"

#include <gtest/gtest.h>

#include "tests/unit/load/world.h"

namespace wp::load {
namespace {

WorkloadConfig small_workload() {
  WorkloadConfig config;
  config.kind = WorkloadKind::sessions;
  config.system_tokens = 64;
  config.prompt_tokens = 16;
  config.style.reply_tokens = 10;
  config.sessions = 5;
  config.turns = 3;
  return config;
}

LoadConfig small_load(const World& world) {
  LoadConfig config;
  config.targets = {World::target()};
  config.client.authority = "replica";
  config.connections = 4;
  config.duration = seconds(5);
  static_cast<void>(world);
  return config;
}

replica::ReplicaConfig fast_replica() {
  replica::ReplicaConfig config;
  config.engine.prefill_rate = 100'000;
  config.engine.decode_rate = 100;
  config.engine.overhead = millis(5);
  return config;
}

TEST(Load, ClosedLoopChecksEveryReply) {
  World world(fast_replica());
  const auto workload = make_workload(small_workload());
  Load load(world.ports(), *workload, small_load(world), world.now());
  world.run(load);
  ASSERT_TRUE(load.done());
  const Tally& tally = load.tally();
  EXPECT_EQ(tally.failed(), 0U) << tally.first_flaw;
  EXPECT_EQ(tally.of(Outcome::ok), tally.sent);
  EXPECT_GT(tally.sent, 100U);
  EXPECT_EQ(tally.connections, 4U);
  EXPECT_EQ(tally.tokens, tally.sent * 10);
  EXPECT_EQ(tally.gap.count(), tally.sent * 9);
  EXPECT_EQ(tally.gap.summarise().p50, millis(10));
  EXPECT_EQ(tally.gap.summarise().max, millis(10));
  EXPECT_GE(tally.first_token.summarise().p50, millis(5));
  EXPECT_EQ(tally.all.requests, tally.sent);
  EXPECT_GT(tally.all.cached_tokens, tally.all.prompt_tokens / 2);
  EXPECT_EQ(world.replica().engine().totals().cached_tokens, tally.all.cached_tokens);
}

TEST(Load, WholeRepliesAreCheckedToo) {
  World world(fast_replica());
  WorkloadConfig whole = small_workload();
  whole.style.stream = false;
  const auto workload = make_workload(whole);
  Load load(world.ports(), *workload, small_load(world), world.now());
  world.run(load);
  EXPECT_EQ(load.tally().failed(), 0U) << load.tally().first_flaw;
  EXPECT_GT(load.tally().of(Outcome::ok), 100U);
  EXPECT_EQ(load.tally().first_token.count(), 0U);
}

// One request a second is served, two a second arrive: each waits half a second longer than the one before. A generator
// that counted from when it could send would see one second for all.
TEST(Load, OpenLoopCountsFromTheIntendedTime) {
  replica::ReplicaConfig slow = fast_replica();
  slow.engine.overhead = seconds(1);
  World world(slow);
  WorkloadConfig one_token = small_workload();
  one_token.style.reply_tokens = 1;
  const auto workload = make_workload(one_token);
  LoadConfig config = small_load(world);
  config.connections = 1;
  config.rate = 2;
  config.duration = seconds(100);
  config.grace = seconds(1000);
  config.timeout = seconds(1000);
  Load load(world.ports(), *workload, config, world.now());
  world.run(load, seconds(2000));
  const Tally& tally = load.tally();
  EXPECT_EQ(tally.failed(), 0U) << tally.first_flaw;
  EXPECT_GT(tally.sent, 150U);
  EXPECT_GT(tally.whole.summarise().p50, seconds(30));
  EXPECT_GT(tally.late.summarise().p50, seconds(30));
}

TEST(Load, AnOpenLoopsQueueIsBounded) {
  replica::ReplicaConfig slow = fast_replica();
  slow.engine.overhead = seconds(1000);
  World world(slow);
  const auto workload = make_workload(small_workload());
  LoadConfig config = small_load(world);
  config.connections = 1;
  config.rate = 10;
  config.queue = 5;
  config.duration = seconds(10);
  Load load(world.ports(), *workload, config, world.now());
  world.run(load);
  ASSERT_TRUE(load.done());
  EXPECT_EQ(load.tally().sent, 1U);
  EXPECT_EQ(load.tally().of(Outcome::unfinished), 1U);
  EXPECT_GT(load.tally().of(Outcome::not_sent), 60U);
}

TEST(Load, OtherWordsAreWrongBytes) {
  replica::ReplicaConfig other = fast_replica();
  other.seed = 99;
  World world(other);
  const auto workload = make_workload(small_workload());
  LoadConfig config = small_load(world);
  config.requests = 7;
  Load load(world.ports(), *workload, config, world.now());
  world.run(load);
  EXPECT_EQ(load.tally().of(Outcome::wrong_bytes), 7U);
  EXPECT_EQ(load.tally().of(Outcome::ok), 0U);
  EXPECT_NE(load.tally().first_flaw.find("was expected"), std::string::npos);
}

TEST(Load, AnotherStatusIsCountedByItsNumber) {
  replica::ReplicaConfig loading = fast_replica();
  loading.health = replica::HealthMode::loading;
  World world(loading);
  const auto workload = make_workload(small_workload());
  LoadConfig config = small_load(world);
  config.requests = 9;
  Load load(world.ports(), *workload, config, world.now());
  world.run(load);
  EXPECT_EQ(load.tally().of(Outcome::status), 9U);
  EXPECT_EQ(load.tally().statuses.at(503), 9U);
  EXPECT_EQ(load.tally().whole.count(), 0U);
}

TEST(Load, WhatDoesNotComeInTimeIsGivenUpOnce) {
  World world(fast_replica());
  world.deaf = true;
  const auto workload = make_workload(small_workload());
  LoadConfig config = small_load(world);
  config.timeout = seconds(1);
  config.requests = 8;
  Load load(world.ports(), *workload, config, world.now());
  world.run(load);
  ASSERT_TRUE(load.done());
  EXPECT_EQ(load.tally().sent, 8U);
  EXPECT_EQ(load.tally().of(Outcome::timed_out), 8U);
}

TEST(Load, WhatIsOnItsWayAtTheEndIsCounted) {
  replica::ReplicaConfig slow = fast_replica();
  slow.engine.decode_rate = 0.01;
  World world(slow);
  const auto workload = make_workload(small_workload());
  Load load(world.ports(), *workload, small_load(world), world.now());
  world.run(load);
  ASSERT_TRUE(load.done());
  EXPECT_EQ(load.tally().of(Outcome::unfinished), 4U);
  EXPECT_EQ(load.tally().first_token.count(), 4U);
}

TEST(Load, AReplyBehindTheLastOfAConnectionGetsAFreshOne) {
  replica::ConnectionLimits limits;
  limits.max_requests = 2;
  World world(fast_replica(), limits);
  const auto workload = make_workload(small_workload());
  LoadConfig config = small_load(world);
  config.requests = 20;
  Load load(world.ports(), *workload, config, world.now());
  world.run(load);
  EXPECT_EQ(load.tally().of(Outcome::ok), 20U) << load.tally().first_flaw;
  EXPECT_GE(load.tally().connections, 10U);
}

TEST(Load, StampedPiecesSayHowLongTheyTook) {
  replica::ConnectionLimits limits;
  limits.stamps = true;
  World world(fast_replica(), limits);
  const auto workload = make_workload(small_workload());
  LoadConfig config = small_load(world);
  config.client.stamped = true;
  config.requests = 20;
  Load load(world.ports(), *workload, config, world.now());
  world.run(load);
  EXPECT_EQ(load.tally().of(Outcome::ok), 20U) << load.tally().first_flaw;
  EXPECT_EQ(load.tally().delay.count(), 220U);                // a piece a token, and the end
  EXPECT_EQ(load.tally().delay.summarise().max, Duration{});  // the world takes no time to carry bytes
}

TEST(Load, FreshConnectionsHaveOneRequestEach) {
  World world(fast_replica());
  const auto workload = make_workload(small_workload());
  LoadConfig config = small_load(world);
  config.client.keep_alive = false;
  config.requests = 20;
  Load load(world.ports(), *workload, config, world.now());
  world.run(load);
  EXPECT_EQ(load.tally().of(Outcome::ok), 20U) << load.tally().first_flaw;
  EXPECT_EQ(load.tally().connections, 20U);
}

TEST(Load, TheWarmUpIsCheckedButNotTimed) {
  World world(fast_replica());
  const auto workload = make_workload(small_workload());
  LoadConfig config = small_load(world);
  config.warm_up = seconds(4);
  Load load(world.ports(), *workload, config, world.now());
  world.run(load);
  EXPECT_EQ(load.tally().of(Outcome::ok), load.tally().sent);
  EXPECT_LT(load.tally().whole.count(), load.tally().sent / 3);
  EXPECT_GT(load.tally().whole.count(), 0U);
}

TEST(Load, ALargeRequestGoesOutAsThereIsRoom) {
  World world(fast_replica());
  WorkloadConfig large = small_workload();
  large.kind = WorkloadKind::unique;
  large.system_tokens = 60'000;
  const auto workload = make_workload(large);
  LoadConfig config = small_load(world);
  config.requests = 4;
  Load load(world.ports(), *workload, config, world.now());
  world.run(load);
  EXPECT_EQ(load.tally().of(Outcome::ok), 4U) << load.tally().first_flaw;
  EXPECT_GT(load.tally().bytes_sent, 960'000U);
}

}  // namespace
}  // namespace wp::load
