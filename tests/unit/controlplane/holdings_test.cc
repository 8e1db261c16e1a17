#include "controlplane/holdings.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controlplane/clock.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

constexpr auto kHolder = "10.0.0.1:1";
constexpr auto kOther = "10.0.0.2:1";
constexpr Duration kUsedFor = seconds(6);  // the World's

struct Told : World {
  Told() { EXPECT_TRUE(fleet.start(std::vector{spec_of(kHolder), spec_of(kOther)})); }

  // Of the first replica, with the next number.
  HoldingsReport next(std::vector<std::uint64_t> holds = {}, bool cleared = false) {
    HoldingsReport report;
    report.replica = kHolder;
    report.sequence = ++sequence;
    report.cleared = cleared;
    report.holds = std::move(holds);
    return report;
  }
  // What is wrong with it; empty when it was taken.
  std::string push(const HoldingsReport& report, const std::string& reporter = "r1") {
    ReportBatch batch{.reporter = reporter};
    batch.holdings.push_back({report.replica, report});
    return reports.take(batch, now).holdings.front();
  }
  [[nodiscard]] bool holds(std::uint64_t hash) const { return residency.told().holders(hash, now).count == 1; }
  [[nodiscard]] balance::ReplicaRef ref() const { return registry.find(kHolder)->ref; }
  [[nodiscard]] const HoldingsCounters& counted() const { return reports.holdings().counters(); }

  Instant now{seconds(100).ns};
  std::uint64_t sequence = 0;
};

TEST(Holdings, WhatCameAndWentIsKept) {
  Told a;
  EXPECT_EQ(a.push(a.next({11, 12, 13}, true)), "");
  HoldingsReport report = a.next({14});
  report.dropped = {12, 99};
  EXPECT_EQ(a.push(report), "");
  EXPECT_TRUE(a.holds(11) && a.holds(13) && a.holds(14));
  EXPECT_FALSE(a.holds(12));
  EXPECT_EQ(a.reports.holdings().prefixes(a.ref()), 3U);
  EXPECT_EQ(a.push(a.next({15}, true)), "");
  EXPECT_FALSE(a.holds(11));
  EXPECT_TRUE(a.holds(15));
  EXPECT_EQ(a.counted().taken.value(), 3U);
  EXPECT_EQ(a.counted().gaps.value(), 0U);
}

TEST(Holdings, WhatIsLostCostsAllTrustUntilItIsToldAnew) {
  Told a;
  EXPECT_EQ(a.push(a.next({11})), "nothing is known of what it held before: begin anew, with 'cleared'");
  EXPECT_FALSE(a.holds(11));
  EXPECT_EQ(a.push(a.next({11}, true)), "");
  HoldingsReport again = a.next({12});
  again.sequence = 2;
  EXPECT_EQ(a.push(again), "its sequence is 2, behind 2");
  EXPECT_TRUE(a.holds(11)) << "one that came twice loses nothing";
  a.sequence = 4;
  EXPECT_EQ(a.push(a.next({12})),
            "its sequence is 5 after 2, and what was told before is trusted no more: begin anew, "
            "with 'cleared'");
  EXPECT_FALSE(a.holds(11) || a.holds(12));
  EXPECT_FALSE(a.reports.holdings().fresh(a.ref(), a.now));
  EXPECT_EQ(a.push(a.next({12})), "nothing is known of what it held before: begin anew, with 'cleared'");
  EXPECT_EQ(a.counted().gaps.value(), 1U);
  EXPECT_EQ(a.push(a.next({13}, true)), "");
  EXPECT_TRUE(a.holds(13));
  EXPECT_FALSE(a.holds(11));
  a.sequence = 10;
  EXPECT_EQ(a.push(a.next({14}, true)), "") << "who begins anew lost nothing that counts";
  EXPECT_EQ(a.counted().gaps.value(), 2U);
  EXPECT_EQ(a.counted().refused.value(), 4U);
}

TEST(Holdings, OneReporterAtATimeAndTheNextBeginsAnew) {
  Told a;
  EXPECT_EQ(a.push(a.next({11}, true)), "");
  HoldingsReport other = a.next({12});
  other.sequence = 2;
  EXPECT_EQ(a.push(other, "r2"), "what it holds is told by r1: begin anew, with 'cleared'");
  EXPECT_TRUE(a.holds(11));
  other.cleared = true;
  other.age = seconds(1);
  EXPECT_EQ(a.push(other, "r2"), "it is older than the last one of r1");
  other.age = {};
  EXPECT_EQ(a.push(other, "r2"), "");
  EXPECT_TRUE(a.holds(12));
  EXPECT_FALSE(a.holds(11));
}

TEST(Holdings, WhatIsTooOldIsNotUsedAndIsThereAgainWithTheNext) {
  Told a;
  HoldingsReport report = a.next({11}, true);
  report.age = kUsedFor;
  EXPECT_EQ(a.push(report), "it is too old: a report is used for 6s");
  report.age = seconds(1);
  EXPECT_EQ(a.push(report), "");
  EXPECT_TRUE(a.holds(11));
  a.now = a.now + seconds(5);
  EXPECT_FALSE(a.holds(11));
  EXPECT_FALSE(a.reports.holdings().fresh(a.ref(), a.now));
  a.reports.expire(a.now);
  a.reports.expire(a.now);
  EXPECT_EQ(a.counted().ran_dry.value(), 1U);
  EXPECT_EQ(a.push(a.next()), "");
  EXPECT_TRUE(a.holds(11)) << "nothing was missing";
}

TEST(Holdings, AReplicaThatCameBackIsToldOfAnew) {
  Told a;
  EXPECT_EQ(a.push(a.next({11}, true)), "");
  ASSERT_TRUE(a.registry.set_health(kHolder, Health::down));
  EXPECT_TRUE(a.holds(11));
  ASSERT_TRUE(a.registry.set_health(kHolder, Health::up));
  EXPECT_FALSE(a.holds(11));
  EXPECT_EQ(a.push(a.next({12})), "nothing is known of what it held before: begin anew, with 'cleared'");
  EXPECT_EQ(a.counted().gaps.value(), 0U);
  EXPECT_EQ(a.push(a.next({12}, true)), "");
  ASSERT_TRUE(a.fleet.remove(kHolder).has_value());
  ASSERT_TRUE(a.fleet.add(spec_of(kHolder)).has_value());
  EXPECT_EQ(a.reports.holdings().last(a.ref()), nullptr) << "another has the name";
  HoldingsReport old = a.next({13}, true);
  old.generation = 1'000;
  EXPECT_EQ(a.push(old), "it is about generation 1000, and the replica's is " + std::to_string(a.ref().generation));
}

// The same as JSON, from whoever may report.
struct Pushed : Told {
  AdminReply post(const Json& members, Json more = Json::object()) {
    Json body = {{"version", 1}, {"reporter", "test"}};
    Json report = {{"replica", kHolder}, {"sequence", 1}};
    report.update(members);
    body["holdings"] = Json::array({report});
    body.update(more);
    return api.handle({"POST", "/v1/reports", body.dump(), /*may_change=*/false, /*may_report=*/true});
  }
  std::string refused(const Json& members) {
    const AdminReply reply = post(members);
    EXPECT_EQ(reply.status, 422U) << reply.body;
    return Json::parse(reply.body).at("holdings").at("refused")[0].at("error");
  }
};

TEST(Holdings, ComeAsJsonAndAreShown) {
  Pushed a;
  const AdminReply reply = a.post({{"cleared", true}, {"holds", {"00000000000000ff", "f2f95eed5c1ad82c"}}},
                                  {{"reports", {{{"replica", kHolder}, {"sequence", 7}, {"waiting", 2}}}}});
  EXPECT_EQ(reply.status, 200U) << reply.body;
  const Json all = {{"taken", 1}, {"refused", Json::array()}};
  Json wanted = all;
  wanted["holdings"] = all;
  EXPECT_EQ(Json::parse(reply.body), wanted);
  a.now = monotonic_now();
  EXPECT_TRUE(a.holds(255) && a.holds(0xf2f95eed5c1ad82c));
  const Json shown = Json::parse(a.api.handle({"GET", "/replicas", ""}).body).at("replicas");
  EXPECT_EQ(shown[0].at("holdings").at("prefixes"), 2);
  EXPECT_EQ(shown[0].at("holdings").at("sequence"), 1);
  EXPECT_EQ(shown[0].at("holdings").at("fresh"), true);
  EXPECT_EQ(shown[0].at("knowledge"), "blind") << "the pool's strategy does not ask";
  EXPECT_TRUE(shown[1].at("holdings").is_null());
}

TEST(Holdings, EveryMemberHasItsRange) {
  Pushed a;
  const std::string keys = " is an array of up to 8192 keys of 16 hexadecimal digits";
  EXPECT_EQ(a.refused({{"holds", {"ff"}}}), "'holds'" + keys);
  EXPECT_EQ(a.refused({{"holds", {"F2F95EED5C1AD82C"}}}), "'holds'" + keys);
  EXPECT_EQ(a.refused({{"dropped", {"0000000000000000"}}}), "'dropped'" + keys);
  EXPECT_EQ(a.refused({{"dropped", {7}}}), "'dropped'" + keys);
  EXPECT_EQ(a.refused({{"holds", std::vector<std::string>(8'193, "00000000000000ff")}}), "'holds'" + keys);
  EXPECT_EQ(a.refused({{"cleared", 1}}), "'cleared' is true or false");
  EXPECT_EQ(a.refused({{"sequence", 0}}), "'sequence' is a whole number from 1 to 9007199254740992");
  EXPECT_EQ(a.refused({{"hold", Json::array()}}), "unknown key 'hold'; did you mean 'holds'?");
  EXPECT_EQ(a.refused({{"replica", "nobody:1"}}), "there is no replica nobody:1");
  EXPECT_EQ(a.post(Json::object(), {{"holdings", 1}}).status, 400U);
  EXPECT_EQ(a.counted().refused.value(), 9U);
}

// A pool of `kv` shows whether it has what it picks by.
TEST(Holdings, APoolOfKvIsPreciseOrUntold) {
  Told a;
  Registry::Config config = World::config_of({.enabled = false});
  config.pools[0].strategy = balance::Strategy::kv;
  Registry registry(config, a.accounts, a.qsbr, &a.residency);
  ASSERT_TRUE(registry.add(spec_of(kHolder)));
  Reports reports(registry, a.accounts, a.residency, kUsedFor);
  const Member& member = registry.members().front();
  EXPECT_EQ(reports.knowledge(member, a.now), Knowledge::untold);
  ReportBatch batch{.reporter = "r1"};
  batch.holdings.push_back({kHolder, a.next({}, true)});
  EXPECT_EQ(reports.take(batch, a.now).holdings.front(), "");
  EXPECT_EQ(reports.knowledge(member, a.now), Knowledge::precise);
  EXPECT_EQ(reports.knowledge(member.ref, balance::Strategy::warm, a.now), Knowledge::blind);
  EXPECT_EQ(reports.knowledge(member, a.now + kUsedFor), Knowledge::untold);
}

}  // namespace
}  // namespace wp::control
