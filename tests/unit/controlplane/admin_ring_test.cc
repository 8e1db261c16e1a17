#include "controlplane/admin_ring.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

struct Asked : World {
  Asked() : ring(publisher, {accounts, &residency}, {.key = 7}) {
    EXPECT_TRUE(fleet.start(std::vector{spec_of("10.0.0.1:1"), spec_of("10.0.0.2:1"), spec_of("10.0.0.3:1")}));
  }
  AdminReply ask(const Json& question) const {
    return ring.handle({"POST", "/ring/lookup", question.dump(), true}, "lookup");
  }
  Json found(const Json& question) const {
    const AdminReply reply = ask(question);
    EXPECT_EQ(reply.status, 200U) << reply.body;
    return Json::parse(reply.body);
  }

  AdminRing ring;
};

TEST(AdminRing, ASessionLeadsToItsHomeAndOverflows) {
  Asked a;
  const Json reply = a.found({{"session", "user-42"}});
  EXPECT_EQ(reply.at("pool"), "default");
  EXPECT_EQ(reply.at("by"), "session");
  EXPECT_EQ(reply.at("decision"), "session");
  ASSERT_EQ(reply.at("walk").size(), 3U);
  EXPECT_EQ(reply.at("walk")[0].at("replica"), reply.at("replica"));
  EXPECT_EQ(reply.at("walk")[0].at("within_bounds"), true);
  EXPECT_EQ(reply.at("walk")[0].at("streams_bound"), balance::Bounds{}.streams_floor);
  EXPECT_EQ(a.found({{"session", "user-42"}}), reply);
  // Another credential is another session.
  EXPECT_NE(a.found({{"session", "user-42"}, {"credential", "Bearer x"}}).at("key"), reply.at("key"));
}

TEST(AdminRing, AHomeOverItsBoundSpillsToTheNext) {
  Asked a;
  const Json before = a.found({{"session", "user-42"}});
  std::vector<balance::Charge> charges;
  const Member* home = a.registry.find(before.at("replica").get<std::string>());
  for (std::uint32_t i = 0; i < 300; ++i) charges.push_back(a.accounts.charge(home->ref, 0, 1, {}));
  const Json after = a.found({{"session", "user-42"}});
  EXPECT_EQ(after.at("walk")[0].at("replica"), before.at("replica"));
  EXPECT_EQ(after.at("walk")[0].at("within_bounds"), false);
  EXPECT_EQ(after.at("walk")[0].at("streams"), 300);
  EXPECT_EQ(after.at("walk")[0].at("streams_bound"), 125);  // 1.25 * 300 / 3
  EXPECT_EQ(after.at("replica"), before.at("walk")[1].at("replica"));
  EXPECT_EQ(after.at("decision"), "spill");
}

TEST(AdminRing, ARequestIsReadAsTheShardsReadIt) {
  Asked a;
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"hello"}]})";
  const Json reply = a.found({{"request", body}});
  EXPECT_EQ(reply.at("by"), "prefix");
  EXPECT_EQ(reply.at("model"), "m");
  EXPECT_GT(reply.at("estimated_tokens"), 0);
  // Key order does not matter, and a session in the body comes first.
  EXPECT_EQ(a.found({{"request", R"({"messages":[{"content":"hello","role":"user"}],"model":"m"})"}}).at("key"),
            reply.at("key"));
  EXPECT_EQ(a.found({{"request", R"({"model":"m","user":"user-42","messages":[]})"}}).at("key"),
            a.found({{"session", "user-42"}}).at("key"));
}

TEST(AdminRing, WhatCannotBeLookedUpIsSaid) {
  Asked a;
  const auto refused = [&](const Json& question, unsigned status) {
    const AdminReply reply = a.ask(question);
    EXPECT_EQ(reply.status, status) << reply.body;
    return Json::parse(reply.body).at("error").get<std::string>();
  };
  EXPECT_EQ(refused(Json::object(), 400), "'session' or 'request' is wanted, and not both");
  EXPECT_EQ(refused({{"session", "a"}, {"request", "{}"}}, 400), "'session' or 'request' is wanted, and not both");
  EXPECT_EQ(refused({{"session", 7}}, 400), "'session' is a string");
  EXPECT_EQ(refused({{"session", "a"}, {"pol", "x"}}, 400), "unknown key 'pol'; did you mean 'pool'?");
  EXPECT_EQ(refused({{"session", "a"}, {"pool", "x"}}, 404), "there is no pool x");
  EXPECT_NE(refused({{"request", "{"}}, 400).find("would refuse this request"), std::string::npos);
  EXPECT_EQ(refused({{"request", "{}"}, {"path", "/x"}}, 400), "no request to '/x' is routed by its body");
  EXPECT_EQ(a.ring.handle({"POST", "/ring/lookup", "", false}, "lookup").status, 403U);
  EXPECT_EQ(a.ring.handle({"GET", "/ring/lookup", "", true}, "lookup").allow, "POST");
  EXPECT_EQ(a.ring.handle({"POST", "/ring", "", true}, "").status, 404U);
}

TEST(AdminRing, WithoutReplicasNobodyIsPicked) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  const AdminRing ring(w.publisher, {w.accounts, &w.residency}, {});
  const Json reply = Json::parse(ring.handle({"POST", "/ring/lookup", R"({"session":"a"})", true}, "lookup").body);
  EXPECT_TRUE(reply.at("replica").is_null());
  EXPECT_TRUE(reply.at("walk").empty());
}

}  // namespace
}  // namespace wp::control
