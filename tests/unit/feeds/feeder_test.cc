#include "controlplane/feeds/feeder.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "controlplane/admin_server.h"
#include "tests/unit/controlplane/health_peer.h"
#include "tests/unit/controlplane/world.h"

namespace wp::feeds {
namespace {

using control::HealthPeer;
using control::Knowledge;
using control::run_until;

std::string page_of(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string vllm(int queries, int hits) {
  return page_of("vllm:num_requests_waiting 2\nvllm:num_requests_running 3\nvllm:prefix_cache_queries_total " +
                 std::to_string(queries) + "\nvllm:prefix_cache_hits_total " + std::to_string(hits) + "\n");
}

// An engine, a warmpathd and a feeder between them, all on one io_context.
struct Fed : control::World {
  explicit Fed(const std::string& reply)
      : engine(io, reply),
        server(std::make_unique<control::AdminServer>(
            io, [this](const control::AdminRequest& asked) { return api.handle(asked); })) {
    EXPECT_TRUE(fleet.start(std::vector{control::spec_of(to_string(engine.at()))}));
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    server->serve_reporter(pair[0]);
    FeederConfig config;
    config.interval = millis(10);
    config.reporter = "test";
    config.now = control::steady_now;
    config.say = [this](const std::string& line) { said.push_back(line); };
    feeder = std::make_unique<Feeder>(io, GatewayLink::adopt(io, pair[1]).value(), std::move(config));
    feeder->start();
  }

  [[nodiscard]] const control::Reports::Kept* last() const { return reports.last(registry.members().front().ref); }
  [[nodiscard]] bool said_of(std::string_view words) const {
    for (const std::string& line : said) {
      if (line.find(words) != std::string::npos) return true;
    }
    return false;
  }

  HealthPeer engine;
  std::unique_ptr<control::AdminServer> server;
  std::unique_ptr<Feeder> feeder;
  std::vector<std::string> said;
};

TEST(Feeder, WhatAnEngineShowsIsReportedRoundByRound) {
  Fed a(vllm(100, 40));
  ASSERT_TRUE(run_until(a.io, [&] { return a.last() != nullptr && a.last()->report.sequence >= 2; }));
  const control::Report& report = a.last()->report;
  EXPECT_EQ(report.generation, 1U);
  EXPECT_EQ(report.waiting, 2U);
  EXPECT_EQ(report.running, 3U);
  EXPECT_EQ(report.prefix->hits, 40U);
  EXPECT_NE(a.engine.last_request.find("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:"), std::string::npos);
  EXPECT_EQ(a.reports.knowledge(a.registry.members().front(), control::steady_now()), Knowledge::counters);
  // The engine starts anew.
  a.engine.reply = vllm(5, 0);
  ASSERT_TRUE(run_until(a.io, [&] { return a.reports.counters().restarts.value() == 1; }));
  EXPECT_TRUE(a.said.empty());
  EXPECT_EQ(a.reports.counters().refused.value(), 0U);
}

TEST(Feeder, APageThatSaysNothingIsNoReport) {
  Fed a(page_of("python_info 1\n"));
  ASSERT_TRUE(run_until(a.io, [&] { return a.engine.asked >= 3; }));
  EXPECT_EQ(a.said.size(), 1U) << "told once";
  EXPECT_TRUE(a.said_of("no engine's metrics are on the page at /metrics"));
  a.engine.reply = control::status_reply(404);
  ASSERT_TRUE(run_until(a.io, [&] { return a.said_of("it answers 404"); }));
  EXPECT_EQ(a.last(), nullptr);
  a.engine.reply = vllm(1, 0);
  ASSERT_TRUE(run_until(a.io, [&] { return a.last() != nullptr; }));
  EXPECT_TRUE(a.said_of("its metrics are read"));
}

TEST(Feeder, ItEndsWithItsGateway) {
  Fed a(vllm(1, 0));
  ASSERT_TRUE(run_until(a.io, [&] { return a.last() != nullptr; }));
  a.server.reset();
  ASSERT_TRUE(run_until(a.io, [&] { return a.said_of("warmpathd is gone"); }));
}

}  // namespace
}  // namespace wp::feeds
