#include "controlplane/daemon/shard_thread.h"

#include <gtest/gtest.h>

#include "controlplane/daemon/limits.h"
#include "controlplane/publisher.h"
#include "tests/unit/controlplane/world.h"

namespace wp::daemon {
namespace {

struct Daemonless : control::World {
  Daemonless() { EXPECT_TRUE(fleet.start({}).has_value()); }

  std::unique_ptr<ShardThread> start(std::uint32_t number = 0) {
    ShardSetup setup;
    setup.number = number;
    setup.transport = TransportKind::epoll;
    setup.listen = {parse_endpoint("127.0.0.1:0").value()};
    auto thread = ShardThread::start(setup, smallest_config(), {published, qsbr, accounts});
    EXPECT_TRUE(thread.has_value()) << thread.error();
    return std::move(*thread);
  }
};

TEST(ShardThread, ItTurnsWhenWokenAndStopsWhenTold) {
  Daemonless d;
  const auto shard = d.start();
  ASSERT_EQ(shard->bound().size(), 1U);
  EXPECT_NE(shard->bound()[0].port, 0);
  EXPECT_FALSE(shard->mailbox().metrics.all().empty());
  EXPECT_FALSE(shard->net_metrics().all().empty());
  EXPECT_EQ(shard->mailbox().turns.value(), 0U) << "nothing runs before go()";
  shard->go();
  shard->wake();
  EXPECT_TRUE(control::run_until(d.io, [&] { return shard->mailbox().turns.value() > 0; }));
  EXPECT_TRUE(shard->send(shard::Command::stop));
  shard->join();
}

TEST(ShardThread, AnIdleShardHoldsNoSnapshot) {
  Daemonless d;
  const auto shard = d.start();
  shard->go();
  for (std::uint64_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(d.fleet.add(control::spec_of("10.0.0.1:1")).has_value());
    ASSERT_TRUE(d.fleet.remove("10.0.0.1:1").has_value());
  }
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(control::run_until(d.io, [&] { return d.publisher.counters().held.value() == 0; }));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(100));
  EXPECT_EQ(d.publisher.counters().freed.value(), 100U);
}

TEST(ShardThread, ADrainedShardSaysSo) {
  Daemonless d;
  const auto shard = d.start();
  shard->go();
  EXPECT_TRUE(shard->send(shard::Command::drain));
  EXPECT_TRUE(control::run_until(d.io, [&] { return shard->mailbox().drained.load(); }));
}

TEST(ShardThread, OneThatNeverWentGoesAway) {
  Daemonless d;
  d.start().reset();
}

TEST(ShardThread, WhatCannotBeBuiltIsOneLine) {
  Daemonless d;
  ShardSetup setup;
  setup.transport = TransportKind::epoll;
  setup.listen = {parse_endpoint("192.0.2.1:8080").value()};  // RFC 5737: nobody's address
  const auto thread = ShardThread::start(setup, smallest_config(), {d.published, d.qsbr, d.accounts});
  ASSERT_FALSE(thread.has_value());
  EXPECT_NE(thread.error().find("192.0.2.1:8080"), std::string::npos);
  EXPECT_EQ(thread.error().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace wp::daemon
