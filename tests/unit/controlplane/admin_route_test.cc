#include "controlplane/admin_route.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controlplane/admin_ring.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

const std::string kBody =
    R"({"model":"m","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hello"}]})";

struct Explained : World {
  Explained()
      : route(publisher, {accounts, &residency}, {.key = 7}, {"X-Session-ID", "Session-Id"}),
        ring(publisher, {accounts, &residency}, {.key = 7}) {
    EXPECT_TRUE(fleet.start(std::vector{spec_of("10.0.0.1:1"), spec_of("10.0.0.2:1"), spec_of("10.0.0.3:1")}));
  }
  AdminReply ask(const Json& question) const {
    return route.handle({"POST", "/route/explain", question.dump(), true}, "explain");
  }
  Json explained(const Json& question) const {
    const AdminReply reply = ask(question);
    EXPECT_EQ(reply.status, 200U) << reply.body;
    return Json::parse(reply.body);
  }
  // What a session leads to by itself.
  Json found(const std::string& session, const std::string& credential) const {
    const Json question = {{"session", session}, {"credential", credential}};
    return Json::parse(ring.handle({"POST", "/ring/lookup", question.dump(), true}, "lookup").body);
  }

  AdminRoute route;
  AdminRing ring;
};

TEST(AdminRoute, ARequestIsExplainedAndNothingIsCharged) {
  Explained a;
  const Json told = a.explained({{"request", kBody}});
  EXPECT_EQ(told.at("api"), "chat_completions");
  EXPECT_EQ(told.at("model"), "m");
  EXPECT_EQ(told.at("pool"), "default");
  EXPECT_EQ(told.at("route"), "*");
  EXPECT_EQ(told.at("strategy"), "warm");
  EXPECT_TRUE(told.at("session").is_null());
  EXPECT_EQ(told.at("ring").at("by"), "rung");
  EXPECT_EQ(told.at("ring").at("key"), told.at("ladder")[0].at("hash")) << "nothing is known to be everybody's";
  EXPECT_EQ(told.at("decision"), "prefix");
  EXPECT_EQ(told.at("ring").at("order")[0], told.at("replica"));
  ASSERT_EQ(told.at("candidates").size(), 3U);
  EXPECT_EQ(told.at("candidates")[0].at("chosen"), true);
  EXPECT_EQ(told.at("candidates")[0].at("cached_tokens"), 0);
  EXPECT_LT(told.at("candidates")[0].at("cost"), told.at("candidates")[1].at("cost"));
  EXPECT_EQ(told.at("candidates")[2].at("ring"), 2);
  EXPECT_FALSE(told.at("ends").empty());
  EXPECT_EQ(told.at("ends").back().at("end"), told.at("canonical_bytes"));
  EXPECT_EQ(a.accounts.load(0).streams + a.accounts.load(1).streams + a.accounts.load(2).streams, 0U);
}

TEST(AdminRoute, HeadersSayWhoseSessionItIs) {
  Explained a;
  const auto told = [&](const Json& headers) { return a.explained({{"request", kBody}, {"headers", headers}}); };
  const Json plain = told({"x-session-id:  user-42 ", "Session-Id: other"});
  EXPECT_EQ(plain.at("session").at("from"), "header X-Session-ID");
  EXPECT_EQ(plain.at("session").at("hash"), a.found("user-42", "").at("key"));
  EXPECT_EQ(plain.at("ring").at("by"), "session");
  EXPECT_EQ(plain.at("decision"), "session");
  // Hashed with who calls.
  EXPECT_EQ(told({"Session-Id: other", "Authorization: Bearer k", "x-api-key: j"}).at("session").at("hash"),
            a.found("other", "Bearer k").at("key"));
  EXPECT_EQ(told({"X-Session-ID: a", "X-API-Key: j"}).at("session").at("hash"), a.found("a", "j").at("key"));
  EXPECT_EQ(plain.dump().find("user-42"), std::string::npos) << "only its hash";
  const Json body = a.explained({{"request", R"({"model":"m","user":"u","messages":[]})"}});
  EXPECT_EQ(body.at("session").at("from"), "body");
  EXPECT_EQ(body.at("session").at("hash"), a.found("u", "").at("key"));
}

// By the rung that `warm` asks with, not by the first chunk.
TEST(AdminRoute, TheRingIsLookedUpAsTheStrategyAsksIt) {
  Explained a;
  const Json told = a.explained({{"request", kBody}});
  const Json question = {{"request", kBody}};
  const Json found = Json::parse(a.ring.handle({"POST", "/ring/lookup", question.dump(), true}, "lookup").body);
  EXPECT_EQ(found.at("key"), told.at("ring").at("key"));
  EXPECT_EQ(found.at("replica"), told.at("replica"));
  EXPECT_EQ(found.at("walk")[0].at("replica"), told.at("ring").at("order")[0]);
}

TEST(AdminRoute, LoadsAndStatesAreThoseOfNow) {
  Explained a;
  const std::string home = a.explained({{"request", kBody}}).at("replica");
  std::vector<balance::Charge> charges;
  for (int i = 0; i < 300; ++i) charges.push_back(a.accounts.charge(a.registry.find(home)->ref, 0, 10, {}));
  const Json spilled = a.explained({{"request", kBody}, {"pool", "default"}});
  EXPECT_TRUE(spilled.at("route").is_null());
  EXPECT_NE(spilled.at("replica"), home);
  const Json& first = spilled.at("candidates")[0];
  EXPECT_EQ(first.at("replica"), home);
  EXPECT_EQ(first.at("within_bounds"), false);
  EXPECT_EQ(first.at("streams"), 300);
  EXPECT_EQ(first.at("streams_bound"), 125);  // 1.25 * 300 / 3
  EXPECT_EQ(first.at("prefill_tokens"), 3000);
  ASSERT_TRUE(a.fleet.drain(home).has_value());
  const Json drained = a.explained({{"request", kBody}});
  EXPECT_EQ(drained.at("ring").at("order").size(), 2U);
  EXPECT_EQ(drained.at("candidates")[2].at("replica"), home);
  EXPECT_EQ(drained.at("candidates")[2].at("state"), "draining");
  EXPECT_TRUE(drained.at("candidates")[2].at("ring").is_null());
}

TEST(AdminRoute, WhatCannotBeExplainedIsSaid) {
  Explained a;
  const auto refused = [&](const Json& question, unsigned status) {
    const AdminReply reply = a.ask(question);
    EXPECT_EQ(reply.status, status) << reply.body;
    return Json::parse(reply.body).at("error").get<std::string>();
  };
  EXPECT_EQ(refused(Json::object(), 400), "'request' is wanted, as a string");
  EXPECT_EQ(refused({{"request", kBody}, {"headers", "X: y"}}, 400), "'headers' is an array of strings");
  EXPECT_EQ(refused({{"request", kBody}, {"headers", {"secret"}}}, 400), "a header is written Name: value");
  EXPECT_EQ(refused({{"request", kBody}, {"pool", "x"}}, 404), "there is no pool x");
  EXPECT_EQ(refused({{"request", kBody}, {"path", "/x"}}, 400), "no request to '/x' is routed by its body");
  EXPECT_NE(refused({{"request", "{"}}, 400).find("would refuse this request"), std::string::npos);
  EXPECT_EQ(a.route.handle({"POST", "/route/explain", "", false}, "explain").status, 403U);
  EXPECT_EQ(a.route.handle({"GET", "/route/explain", "", true}, "explain").allow, "POST");
  EXPECT_EQ(a.route.handle({"POST", "/route", "", true}, "").status, 404U);
}

}  // namespace
}  // namespace wp::control
