#include "controlplane/feeds/target.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wp::feeds {
namespace {

using Json = nlohmann::json;

TEST(FeedTarget, ReplicasWithAPageAnAddressAndLifeAreTargets) {
  const Json good = {{"name", "gpu-1:8000"},
                     {"generation", 7},
                     {"state", "up"},
                     {"addresses", {"10.0.0.1:8000", "nonsense", 3, "[::1]:8000"}},
                     {"metrics_path", "/prometheus/metrics"}};
  Json down = good;
  down["state"] = "down";
  Json unread = good;
  unread["metrics_path"] = nullptr;
  Json telling = unread;
  telling["name"] = "gpu-2:8000";
  telling["kv_events"] = {{"events", 5557}, {"replay", 5558}};
  Json unknown = good;
  unknown["addresses"] = Json::array();
  const auto targets = read_targets(Json{{"replicas", {good, down, unread, telling, unknown, 5}}}.dump());
  ASSERT_TRUE(targets.has_value());
  ASSERT_EQ(targets->size(), 2U);
  EXPECT_EQ(targets->back().kv_events, 5557);
  EXPECT_EQ(targets->back().kv_replay, 5558);
  const Target& target = targets->front();
  EXPECT_EQ(target.replica, "gpu-1:8000");
  EXPECT_EQ(target.generation, 7U);
  EXPECT_EQ(target.path, "/prometheus/metrics");
  ASSERT_EQ(target.endpoints.size(), 2U);
  EXPECT_EQ(to_string(target.endpoints[1]), "[::1]:8000");
  EXPECT_FALSE(read_targets("{").has_value());
  EXPECT_FALSE(read_targets("[]").has_value());
  EXPECT_FALSE(read_targets(R"({"error": "no"})").has_value());
}

TEST(FeedTarget, AReportSaysWhatIsKnownAndNothingElse) {
  Reading full{.replica = "a:1", .generation = 2, .facts = {}, .read = {seconds(10).ns}};
  full.facts = {.waiting = 1,
                .running = 2,
                .kv_usage = 0.5,
                .kv_tokens = 1000,
                .prefix_queries = 50,
                .prefix_hits = 40,
                .instance = 99};
  Reading little{.replica = "b:1", .generation = 1, .facts = {}, .read = {seconds(12).ns}};
  little.facts.waiting = 3;
  const Reading readings[] = {full, little};
  const Json body = Json::parse(write_reports(readings, "r", 17, Instant{seconds(12).ns}));
  EXPECT_EQ(body.at("version"), 1);
  EXPECT_EQ(body.at("reporter"), "r");
  EXPECT_EQ(body.at("reports")[0], Json({{"replica", "a:1"},
                                         {"generation", 2},
                                         {"sequence", 17},
                                         {"age_ms", 2000},
                                         {"instance", 99},
                                         {"waiting", 1},
                                         {"running", 2},
                                         {"kv_usage", 0.5},
                                         {"kv_tokens", 1000},
                                         {"prefix_queries", 50},
                                         {"prefix_hits", 40}}));
  EXPECT_EQ(body.at("reports")[1],
            Json({{"replica", "b:1"}, {"generation", 1}, {"sequence", 17}, {"age_ms", 0}, {"waiting", 3}}));
}

TEST(FeedTarget, RefusalsAreLines) {
  EXPECT_TRUE(read_refusals(R"({"taken": 1, "refused": []})").empty());
  EXPECT_EQ(read_refusals(R"({"taken": 0, "refused": [{"index": 0, "replica": "a:1", "error": "too old"}]})"),
            std::vector<std::string>{"a:1: too old"});
  EXPECT_EQ(read_refusals(R"({"error": "no"})"), std::vector<std::string>{"no"});
  EXPECT_TRUE(read_refusals("garbage").empty());
}

}  // namespace
}  // namespace wp::feeds
