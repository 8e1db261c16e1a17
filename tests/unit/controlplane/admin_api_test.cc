#include "controlplane/admin_api.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "controlplane/process_figures.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

struct Api : World {
  Api() { EXPECT_TRUE(fleet.start({}).has_value()); }

  AdminReply read_only(std::string_view method, std::string_view target, std::string_view body = "") {
    return api.handle({method, target, body, false});
  }
  AdminReply control(std::string_view method, std::string_view target, std::string_view body = "") {
    return api.handle({method, target, body, true});
  }
};

std::string error_of(const AdminReply& reply) {
  return Json::parse(reply.body).at("error");
}

TEST(AdminApi, HealthNeedsAReplicaThatCanBePicked) {
  Api a;
  AdminReply reply = a.read_only("GET", "/health");
  EXPECT_EQ(reply.status, 503U);
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_EQ(Json::parse(reply.body).at("reasons"), Json({"no replica can be picked"}));
  ASSERT_TRUE(a.fleet.add(spec_of("10.0.0.1:1")).has_value());
  reply = a.read_only("GET", "/health?verbose=1");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(Json::parse(reply.body).at("status"), "ok");
  EXPECT_EQ(Json::parse(reply.body).at("replicas_pickable"), 1);
}

TEST(AdminApi, HealthNamesAShardThatDoesNotTurn) {
  Api a;
  ASSERT_TRUE(a.fleet.add(spec_of("10.0.0.1:1")).has_value());
  shard::ShardMailbox stuck;
  a.watch.add(stuck, [] {});
  for (std::uint32_t i = 0; i < ShardWatch::kStalledTicks; ++i) a.watch.tick();
  const AdminReply reply = a.read_only("GET", "/health");
  EXPECT_EQ(reply.status, 503U);
  EXPECT_EQ(Json::parse(reply.body).at("reasons"), Json({"shard 0 does not turn"}));
}

TEST(AdminApi, ADrainingDaemonIsHealthyAndNotReady) {
  Api a;
  ASSERT_TRUE(a.fleet.add(spec_of("10.0.0.1:1")).has_value());
  EXPECT_EQ(a.read_only("GET", "/ready").status, 200U);
  a.fleet.drain_all();
  EXPECT_EQ(a.read_only("GET", "/ready").status, 503U);
  EXPECT_EQ(a.read_only("GET", "/health").status, 200U);
  EXPECT_EQ(a.read_only("GET", "/live").status, 200U);
}

TEST(AdminApi, ADaemonThatWillLeaveIsNotReadyAndServesOn) {
  Api a;
  ASSERT_TRUE(a.fleet.add(spec_of("10.0.0.1:1")).has_value());
  EXPECT_TRUE(a.snapshot().ready);
  a.fleet.leave();
  EXPECT_EQ(a.read_only("GET", "/ready").status, 503U);
  EXPECT_FALSE(a.snapshot().ready);
  EXPECT_FALSE(a.snapshot().draining);
}

TEST(AdminApi, LivenessAsksForTheShardsOnly) {
  Api a;
  EXPECT_EQ(a.read_only("GET", "/live").status, 200U) << "no replica: a restart would not help";
  EXPECT_FALSE(a.snapshot().ready);
  shard::ShardMailbox stuck;
  a.watch.add(stuck, [] {});
  for (std::uint32_t i = 0; i < ShardWatch::kStalledTicks; ++i) a.watch.tick();
  EXPECT_EQ(a.read_only("GET", "/live").status, 503U);
}

TEST(AdminApi, ReplicasAreListedWithTheirLoads) {
  Api a;
  ASSERT_TRUE(a.fleet.add(spec_of("10.0.0.1:1,weight=7,priority=2")).has_value());
  ASSERT_TRUE(a.fleet.add(spec_of("gpu:80")).has_value());
  const balance::Charge charge = a.accounts.charge(a.registry.members()[0].ref, 0, 123, {});
  const Json replicas = Json::parse(a.read_only("GET", "/replicas").body).at("replicas");
  ASSERT_EQ(replicas.size(), 2U);
  EXPECT_EQ(replicas[0], Json({{"name", "10.0.0.1:1"},
                               {"generation", 1},
                               {"pool", "default"},
                               {"state", "up"},
                               {"health", "assumed"},
                               {"draining", false},
                               {"pickable", true},
                               {"weight", 7},
                               {"priority", 2},
                               {"addresses", {"10.0.0.1:1"}},
                               {"metrics_path", "/metrics"},
                               {"kv_events", nullptr},
                               {"prefill_tokens", 123},
                               {"streams", 1},
                               {"changed", {"added"}},
                               {"knowledge", "blind"},
                               {"report", nullptr},
                               {"holdings", nullptr}}));
  EXPECT_EQ(replicas[1].at("addresses"), Json::array());
  EXPECT_EQ(replicas[1].at("pickable"), false);
}

TEST(AdminApi, StatusShowsTheDaemonAtAGlance) {
  Api a;
  ASSERT_TRUE(a.fleet.add(spec_of("10.0.0.1:1")).has_value());
  ASSERT_TRUE(a.fleet.add(spec_of("10.0.0.2:1")).has_value());
  ASSERT_TRUE(a.fleet.drain("10.0.0.2:1").has_value());
  shard::ShardMailbox mailbox;
  mailbox.connections.add(3);
  a.watch.add(mailbox, [] {});
  const balance::Charge charge = a.accounts.charge(a.registry.members()[0].ref, 0, 123, {});
  const Json status = Json::parse(a.read_only("GET", "/status").body);
  EXPECT_EQ(status.at("api"), 1);
  EXPECT_EQ(status.at("version"), "1.2.3");
  EXPECT_EQ(status.at("pid"), getpid());
  EXPECT_EQ(status.at("draining"), false);
  EXPECT_EQ(status.at("connections"), 3);
  EXPECT_EQ(status.at("shards"), Json::parse(R"([{"shard":0,"turns":0,"connections":3,"stalled":false}])"));
  EXPECT_EQ(status.at("replicas"),
            Json({{"total", 2}, {"pickable", 1}, {"up", 1}, {"starting", 0}, {"draining", 1}, {"down", 0}}));
  EXPECT_EQ(status.at("pools"), Json({{{"name", "default"},
                                       {"strategy", "warm"},
                                       {"replicas", 2},
                                       {"replicas_in_use", 1},
                                       {"prefill_tokens", 123},
                                       {"streams", 1}}}));
  EXPECT_GT(status.at("resident_bytes"), 100'000);
  EXPECT_EQ(a.control("POST", "/status").allow, "GET, HEAD");
}

TEST(AdminApi, OthersAddResourcesAndSectionsOfTheStatus) {
  Api a;
  a.api.serve("/things", [](const AdminRequest&, std::string_view rest) {
    return AdminReply{200, "text/plain", std::string(rest), {}};
  });
  a.api.status().add("things", [] { return Json(7); });
  EXPECT_EQ(a.read_only("GET", "/things").body, "");
  EXPECT_EQ(a.read_only("GET", "/things/a/b?c").body, "a/b");
  EXPECT_EQ(a.read_only("GET", "/thingsandmore").status, 404U);
  EXPECT_EQ(Json::parse(a.read_only("GET", "/status").body).at("things"), 7);
  EXPECT_EQ(a.read_only("GET", "/status/more").status, 404U);
  EXPECT_EQ(error_of(a.read_only("GET", "/")),
            "unknown path; there are /metrics, /live, /health, /ready, /status, /replicas, /changes, /v1/reports and "
            "/things");
}

TEST(ProcessFigures, UptimeIsThatOfThisProcess) {
  const Duration uptime = process_uptime();
  EXPECT_GE(uptime, Duration{});
  EXPECT_LT(uptime, seconds(3600));
}

TEST(AdminApi, MetricsArePrometheusText) {
  Api a;
  const AdminReply reply = a.read_only("GET", "/metrics");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(reply.body.find("warmpath_replicas 0\n"), std::string::npos);
}

TEST(AdminApi, UnknownPathsAndMethodsAreJsonErrors) {
  Api a;
  EXPECT_EQ(a.read_only("GET", "/").status, 404U);
  EXPECT_NE(error_of(a.read_only("GET", "/metric")).find("/metrics"), std::string::npos);
  const AdminReply reply = a.read_only("POST", "/metrics");
  EXPECT_EQ(reply.status, 405U);
  EXPECT_EQ(reply.allow, "GET, HEAD");
  EXPECT_EQ(a.control("DELETE", "/replicas").allow, "GET, HEAD, POST");
  EXPECT_EQ(a.control("PUT", "/replicas/x:1").allow, "GET, HEAD, DELETE");
  EXPECT_EQ(a.control("GET", "/replicas/x:1/drain").allow, "POST");
  EXPECT_EQ(a.control("POST", "/replicas/x:1/explode").status, 404U);
}

TEST(AdminApi, TheReadOnlySideChangesNothing) {
  Api a;
  ASSERT_TRUE(a.fleet.add(spec_of("10.0.0.1:1")).has_value());
  EXPECT_EQ(a.read_only("POST", "/replicas", R"({"url":"10.0.0.2:1"})").status, 405U);
  EXPECT_EQ(a.read_only("GET", "/replicas/10.0.0.1:1").status, 200U);
  EXPECT_EQ(a.read_only("DELETE", "/replicas/10.0.0.1:1").status, 403U);
  EXPECT_EQ(a.read_only("POST", "/replicas/10.0.0.1:1/drain").status, 403U);
  EXPECT_EQ(a.snapshot().version, 2U);
}

TEST(AdminApi, AReplicaIsAddedAndPublished) {
  Api a;
  const AdminReply reply = a.control("POST", "/replicas", R"({"url":"http://[::1]:80","weight":5,"priority":1})");
  ASSERT_EQ(reply.status, 200U) << reply.body;
  EXPECT_EQ(Json::parse(reply.body).at("name"), "[::1]:80");
  ASSERT_EQ(a.snapshot().replicas.size(), 1U);
  EXPECT_EQ(a.snapshot().replicas[0].weight, 5U);
  EXPECT_EQ(a.snapshot().replicas[0].priority, 1);
  EXPECT_EQ(a.control("POST", "/replicas", R"({"url":"[::1]:80"})").status, 409U);
}

TEST(AdminApi, ChangesAreListedAndForgotten) {
  World w;
  ASSERT_TRUE(w.fleet.start(std::vector{spec_of("10.0.0.1:1"), spec_of("10.0.0.2:1")}).has_value());
  const auto ask = [&](std::string_view method, std::string_view target) {
    return w.api.handle({method, target, "", true});
  };
  ASSERT_TRUE(w.fleet.drain("10.0.0.1:1").has_value());
  ASSERT_TRUE(w.fleet.remove("10.0.0.2:1").has_value());
  EXPECT_EQ(Json::parse(ask("GET", "/changes").body),
            Json({{"file", nullptr},
                  {"changes", {{"10.0.0.1:1", {{"drained", true}}}, {"10.0.0.2:1", {{"removed", true}}}}},
                  {"dormant", Json::array()}}));
  EXPECT_EQ(Json::parse(ask("GET", "/replicas").body).at("removed"), Json({"10.0.0.2:1"}));
  EXPECT_EQ(ask("DELETE", "/changes/10.0.0.1:1").status, 200U);
  EXPECT_FALSE(w.registry.find("10.0.0.1:1")->draining);
  EXPECT_EQ(ask("DELETE", "/changes/10.0.0.1:1").status, 404U);
  EXPECT_EQ(ask("DELETE", "/changes").status, 200U);
  EXPECT_NE(w.registry.find("10.0.0.2:1"), nullptr);
  EXPECT_EQ(ask("POST", "/changes").allow, "GET, HEAD, DELETE");
  EXPECT_EQ(w.api.handle({"DELETE", "/changes", "", false}).status, 403U);
}

TEST(AdminApi, WhatIsWrongWithAnAdditionIsSaid) {
  Api a;
  const auto refused = [&](std::string_view body) {
    const AdminReply reply = a.control("POST", "/replicas", body);
    EXPECT_EQ(reply.status, 400U) << body;
    return error_of(reply);
  };
  EXPECT_EQ(refused(""), "the body is not a JSON object");
  EXPECT_EQ(refused("[1]"), "the body is not a JSON object");
  EXPECT_EQ(refused("{"), "the body is not a JSON object");
  EXPECT_EQ(refused("{}"), "'url' is wanted, as a string");
  EXPECT_EQ(refused(R"({"url":7})"), "'url' is wanted, as a string");
  EXPECT_EQ(refused(R"({"url":"a:1","wight":7})"), "unknown key 'wight'; did you mean 'weight'?");
  EXPECT_EQ(refused(R"({"url":"a:1","weight":0})"), "'weight' is a number from 1 to 1000");
  EXPECT_EQ(refused(R"({"url":"a:1","weight":-1})"), "'weight' is a number from 1 to 1000");
  EXPECT_EQ(refused(R"({"url":"a:1","weight":1.5})"), "'weight' is a number from 1 to 1000");
  EXPECT_EQ(refused(R"({"url":"a:1","weight":99999999999})"), "'weight' is a number from 1 to 1000");
  EXPECT_EQ(refused(R"({"url":"a:1","priority":256})"), "'priority' is a number from 0 (first) to 255");
  EXPECT_NE(refused(R"({"url":"https://a"})").find("TLS"), std::string::npos);
  EXPECT_NE(refused("{\"url\":\"\\u00e9:1\"}").find("not a host name"), std::string::npos);
  EXPECT_EQ(a.snapshot().version, 1U);
}

TEST(AdminApi, AReplicaIsDrainedWeighedAndRemoved) {
  Api a;
  ASSERT_TRUE(a.fleet.add(spec_of("[::1]:80")).has_value());
  EXPECT_EQ(a.control("GET", "/replicas/%5B::1%5D:80").status, 200U);
  EXPECT_EQ(a.control("POST", "/replicas/[::1]:80/drain").status, 200U);
  EXPECT_EQ(a.snapshot().replicas[0].state, balance::ReplicaState::draining);
  EXPECT_EQ(a.control("POST", "/replicas/[::1]:80/undrain").status, 200U);
  EXPECT_EQ(a.snapshot().replicas[0].state, balance::ReplicaState::up);
  EXPECT_EQ(a.control("POST", "/replicas/[::1]:80/weight", R"({"weight":9})").status, 200U);
  EXPECT_EQ(a.snapshot().replicas[0].weight, 9U);
  EXPECT_EQ(a.control("POST", "/replicas/[::1]:80/weight", "{}").status, 400U);
  EXPECT_EQ(a.control("POST", "/replicas/[::1]:80/weight", R"({"weight":1001})").status, 400U);
  EXPECT_EQ(a.control("DELETE", "/replicas/[::1]:80").status, 200U);
  EXPECT_TRUE(a.snapshot().replicas.empty());
  EXPECT_EQ(a.control("DELETE", "/replicas/[::1]:80").status, 404U);
  EXPECT_EQ(a.control("POST", "/replicas/[::1]:80/drain").status, 404U);
  EXPECT_EQ(a.control("GET", "/replicas/%5").status, 400U);
}

}  // namespace
}  // namespace wp::control
