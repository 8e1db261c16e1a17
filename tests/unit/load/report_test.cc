#include "tools/load/report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wp::load {
namespace {

Tally sample_tally() {
  Tally tally;
  tally.sent = 5;
  for (int i = 0; i < 3; ++i) tally.count(Outcome::ok);
  tally.count(Outcome::cut, "replica_reset");
  tally.count(Outcome::status, "503");
  tally.statuses[503] = 1;
  for (int i = 1; i <= 3; ++i) tally.whole.add(millis(i));
  tally.tokens = 30;
  tally.all = {3, 300, 120};
  tally.replicas["a"] = {2, 200, 120};
  tally.replicas["b"] = {1, 100, 0};
  return tally;
}

const RunFacts kFacts = {"127.0.0.1:1", "fixed", "closed loop, 1 clients", seconds(2), millis(500)};

TEST(LoadReport, JsonHasTheFigures) {
  const auto json = nlohmann::json::parse(report_json(sample_tally(), kFacts));
  EXPECT_EQ(json["ok"], 3);
  EXPECT_EQ(json["failed"], 2);
  EXPECT_EQ(json["failures"]["cut"], 1);
  EXPECT_EQ(json["failures"]["timed_out"], 0);
  EXPECT_EQ(json["statuses"]["503"], 1);
  EXPECT_EQ(json["first_flaw"], "cut: replica_reset");
  EXPECT_EQ(json["requests_per_second"], 1.5);
  EXPECT_EQ(json["tokens_per_second"], 15.0);
  EXPECT_EQ(json["times"]["whole"]["p50_ms"], 2.0);
  EXPECT_EQ(json["cached_share"], 0.4);
  EXPECT_NEAR(json["imbalance"].get<double>(), 100.0 / 90.0, 1e-9);
  EXPECT_EQ(json["replicas"]["a"]["cached_tokens"], 120);
}

TEST(LoadReport, TextNamesEveryKindOfFailure) {
  const std::string text = report_text(sample_tally(), kFacts);
  EXPECT_NE(text.find("sent 5, ok 3, failed 2"), std::string::npos) << text;
  EXPECT_NE(text.find("cut"), std::string::npos);
  EXPECT_NE(text.find("status 503"), std::string::npos);
  EXPECT_NE(text.find("the first: cut: replica_reset"), std::string::npos);
  EXPECT_EQ(text.find("timed_out"), std::string::npos);
}

}  // namespace
}  // namespace wp::load
