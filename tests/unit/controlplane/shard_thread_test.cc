#include "controlplane/daemon/shard_thread.h"

#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "controlplane/daemon/limits.h"
#include "controlplane/publisher.h"
#include "tests/unit/controlplane/world.h"

namespace wp::daemon {
namespace {

struct Daemonless : control::World {
  Daemonless() { EXPECT_TRUE(fleet.start({}).has_value()); }

  std::unique_ptr<ShardThread> start(std::uint32_t number = 0, TransportKind transport = TransportKind::epoll) {
    ShardSetup setup;
    setup.number = number;
    setup.transport = transport;
    setup.listen = {parse_endpoint("127.0.0.1:0").value()};
    auto thread = ShardThread::start(setup, smallest_config(), {published, qsbr, accounts, residency});
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

// A replica refuses a request early and does not read the rest of it, which is still being sent when the shard goes.
void stop_while_a_request_is_sent(TransportKind transport) {
  namespace asio = boost::asio;
  using asio::ip::tcp;
  Daemonless d;
  tcp::acceptor replica(d.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  replica.set_option(asio::socket_base::receive_buffer_size(4096));
  const std::string at = "127.0.0.1:" + std::to_string(replica.local_endpoint().port());
  ASSERT_TRUE(d.fleet.add(control::spec_of(at)).has_value());
  auto shard = d.start(0, transport);
  shard->go();

  tcp::socket client(d.io);
  client.connect({asio::ip::address_v4::loopback(), shard->bound()[0].port});
  constexpr std::size_t kBody = 8'000'000;  // more than the kernel takes from a sender whose peer does not read
  asio::write(client, asio::buffer("POST /v1/files HTTP/1.1\r\nHost: w\r\nContent-Length: " + std::to_string(kBody) +
                                   "\r\n\r\n" + std::string(kBody, 'x')));
  tcp::socket refusing = replica.accept();
  asio::write(refusing, asio::buffer(std::string("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")));
  std::string reply;
  asio::read_until(client, asio::dynamic_buffer(reply), "\r\n\r\n");
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 413 ")) << reply;
  EXPECT_TRUE(shard->send(shard::Command::stop));
  shard->join();
  shard.reset();  // asserts that no slab of it is held
}

TEST(ShardThread, OneStoppedWhileARequestIsSentGoesAwayWithEpoll) {
  stop_while_a_request_is_sent(TransportKind::epoll);
}

TEST(ShardThread, OneStoppedWhileARequestIsSentGoesAwayWithIoUring) {
  Daemonless d;
  shard::ShardMailbox mailbox;
  const auto probe =
      make_core(TransportKind::io_uring, 0, smallest_config(), {d.published, d.qsbr, d.accounts, d.residency}, mailbox);
  if (!probe && probe.error().starts_with("io_uring is refused")) GTEST_SKIP() << probe.error();
  ASSERT_TRUE(probe.has_value()) << probe.error();
  stop_while_a_request_is_sent(TransportKind::io_uring);
}

TEST(ShardThread, WhatCannotBeBuiltIsOneLine) {
  Daemonless d;
  ShardSetup setup;
  setup.transport = TransportKind::epoll;
  setup.listen = {parse_endpoint("192.0.2.1:8080").value()};  // RFC 5737: nobody's address
  const auto thread = ShardThread::start(setup, smallest_config(), {d.published, d.qsbr, d.accounts, d.residency});
  ASSERT_FALSE(thread.has_value());
  EXPECT_NE(thread.error().find("192.0.2.1:8080"), std::string::npos);
  EXPECT_EQ(thread.error().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace wp::daemon
