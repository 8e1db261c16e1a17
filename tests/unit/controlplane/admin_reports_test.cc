#include "controlplane/admin_reports.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controlplane/admin_route.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

struct Reporter : World {
  Reporter() { EXPECT_TRUE(fleet.start(std::vector{spec_of("10.0.0.1:1"), spec_of("10.0.0.2:1")})); }

  AdminReply post(const Json& body) {
    return api.handle({"POST", "/v1/reports", body.dump(), /*may_change=*/false, /*may_report=*/true});
  }
  AdminReply push(Json reports) {
    return post({{"version", 1}, {"reporter", "test"}, {"reports", std::move(reports)}});
  }
  // What is wrong with a report that is alone.
  std::string refused(Json members) {
    Json report = {{"replica", "10.0.0.1:1"}, {"sequence", 1}};
    report.update(members);
    // Said, because compilers differ in whether a value in braces is a copy or an array of one.
    const AdminReply reply = push(Json::array({report}));
    EXPECT_EQ(reply.status, 422U) << reply.body;
    const Json told = Json::parse(reply.body);
    EXPECT_EQ(told.at("taken"), 0);
    return told.at("refused")[0].at("error");
  }
  Json replica(std::size_t place) {
    return Json::parse(api.handle({"GET", "/replicas", ""}).body).at("replicas")[place];
  }
};

TEST(AdminReports, AReportIsTakenAndShown) {
  Reporter a;
  EXPECT_TRUE(a.replica(0).at("report").is_null());
  const AdminReply reply = a.push({{{"replica", "10.0.0.1:1"},
                                    {"generation", a.replica(0).at("generation")},
                                    {"sequence", 3},
                                    {"instance", 1'700'000'000'000},
                                    {"age_ms", 20},
                                    {"waiting", 2},
                                    {"running", 5},
                                    {"kv_usage", 0.5},
                                    {"kv_tokens", 70'000},
                                    {"prefix_queries", 1000},
                                    {"prefix_hits", 800}}});
  EXPECT_EQ(reply.status, 200U) << reply.body;
  EXPECT_EQ(Json::parse(reply.body), Json({{"taken", 1}, {"refused", Json::array()}}));
  const Json shown = a.replica(0);
  EXPECT_EQ(shown.at("knowledge"), "counters");
  EXPECT_EQ(shown.at("report").at("waiting"), 2);
  EXPECT_EQ(shown.at("report").at("kv_usage"), 0.5);
  EXPECT_EQ(shown.at("report").at("prefix_hits"), 800);
  EXPECT_EQ(shown.at("report").at("fresh"), true);
  EXPECT_GE(shown.at("report").at("age_seconds"), 0.02);
  EXPECT_EQ(a.replica(1).at("knowledge"), "blind");
  const Json status = Json::parse(a.api.handle({"GET", "/status", ""}).body).at("knowledge");
  EXPECT_EQ(status.at("counters"), 1);
  EXPECT_EQ(status.at("blind"), 1);
  EXPECT_EQ(status.at("receipts"), 0);
}

TEST(AdminReports, OneThatIsWrongIsSaidAndTheOthersAreTaken) {
  Reporter a;
  const AdminReply reply = a.push({{{"replica", "10.0.0.1:1"}, {"sequence", 1}, {"kv_usage", 1.5}},
                                   {{"replica", "10.0.0.2:1"}, {"sequence", 1}, {"waiting", 7}},
                                   "nothing",
                                   {{"replica", "10.0.0.3:1"}, {"sequence", 1}}});
  EXPECT_EQ(reply.status, 422U);
  const Json told = Json::parse(reply.body);
  EXPECT_EQ(told.at("taken"), 1);
  ASSERT_EQ(told.at("refused").size(), 3U);
  EXPECT_EQ(told.at("refused")[0],
            Json({{"index", 0}, {"replica", "10.0.0.1:1"}, {"error", "'kv_usage' is a number from 0 to 1"}}));
  EXPECT_EQ(told.at("refused")[1], Json({{"index", 2}, {"replica", ""}, {"error", "not a JSON object"}}));
  EXPECT_EQ(told.at("refused")[2].at("error"), "there is no replica 10.0.0.3:1");
  EXPECT_EQ(a.replica(1).at("report").at("waiting"), 7);
}

TEST(AdminReports, EveryMemberHasItsRange) {
  Reporter a;
  EXPECT_EQ(a.refused({{"sequence", 0}}), "'sequence' is a whole number from 1 to 9007199254740992");
  EXPECT_EQ(a.refused({{"sequence", nullptr}}), "'sequence' is wanted, a number that grows from report to report");
  EXPECT_EQ(a.refused({{"waiting", -1}}), "'waiting' is a whole number from 0 to 10000000");
  EXPECT_EQ(a.refused({{"running", 1.5}}), "'running' is a whole number from 0 to 10000000");
  EXPECT_EQ(a.refused({{"kv_tokens", 0}}), "'kv_tokens' is a whole number from 1 to 1000000000000");
  EXPECT_EQ(a.refused({{"kv_usage", "half"}}), "'kv_usage' is a number from 0 to 1");
  EXPECT_EQ(a.refused({{"age_ms", 3'600'001}}), "'age_ms' is a whole number from 0 to 3600000");
  EXPECT_EQ(a.refused({{"prefix_hits", 1}}), "'prefix_queries' and 'prefix_hits' come together");
  EXPECT_EQ(a.refused({{"prefix_hits", 2}, {"prefix_queries", 1}}), "'prefix_hits' is at most 'prefix_queries'");
  EXPECT_EQ(a.refused({{"wating", 1}}), "unknown key 'wating'; did you mean 'waiting'?");
  EXPECT_EQ(a.refused({{"replica", 7}}), "'replica' is wanted, the name of one");
  EXPECT_EQ(a.refused({{"replica", "a b"}}), "'replica' is wanted, the name of one");
}

TEST(AdminReports, ABodyThatIsNoneAndOneThatMayNotReportAreRefused) {
  Reporter a;
  const auto error = [](const AdminReply& reply) { return Json::parse(reply.body).at("error").get<std::string>(); };
  EXPECT_EQ(a.post(Json::array()).status, 400U);
  EXPECT_EQ(error(a.post({{"reporter", "r"}, {"reports", Json::array()}})), "'version' is wanted, and is 1");
  EXPECT_EQ(error(a.post({{"version", 2}, {"reporter", "r"}, {"reports", Json::array()}})),
            "'version' is wanted, and is 1");
  EXPECT_EQ(a.post({{"version", 1}, {"reporter", "a b"}, {"reports", Json::array()}}).status, 400U);
  EXPECT_EQ(error(a.post({{"version", 1}, {"reporter", "r"}, {"reports", 1}})), "'reports' is an array");
  Json many = Json::array();
  for (std::size_t i = 0; i <= kMaxReports; ++i) many.push_back({{"replica", "10.0.0.1:1"}, {"sequence", i + 1}});
  EXPECT_EQ(error(a.push(many)), "at most 1024 reports can come at once");
  EXPECT_EQ(a.api.handle({"POST", "/v1/reports", "{}"}).status, 403U);
  EXPECT_EQ(a.api.handle({"GET", "/v1/reports", "", false, true}).allow, "POST");
}

TEST(AdminReports, TheExplanationOfARouteSaysHowWellEachReplicaIsKnown) {
  Reporter a;
  const AdminRoute route(a.publisher, {a.accounts, &a.residency, &a.reports}, {}, {});
  EXPECT_EQ(a.push({{{"replica", "10.0.0.1:1"},
                     {"sequence", 1},
                     {"kv_tokens", 5'000},
                     {"prefix_queries", 10},
                     {"prefix_hits", 0}}})
                .status,
            200U);
  EXPECT_EQ(a.accounts.tokens().cached(a.registry.find("10.0.0.2:1")->ref, prompt::Api::responses, 1), 1U);
  const Json question = {{"request", R"({"model":"m","messages":[{"role":"user","content":"hello"}]})"}};
  const Json told = Json::parse(route.handle({"POST", "/route/explain", question.dump(), true}, "explain").body);
  ASSERT_EQ(told.at("candidates").size(), 2U);
  for (const Json& candidate : told.at("candidates")) {
    const bool first = candidate.at("replica") == "10.0.0.1:1";
    EXPECT_EQ(candidate.at("knowledge"), first ? "counters" : "receipts");
    EXPECT_EQ(candidate.at("cache_tokens"), first ? 5'000 : 0);
    EXPECT_EQ(candidate.at("report").is_null(), !first);
  }
}

}  // namespace
}  // namespace wp::control
