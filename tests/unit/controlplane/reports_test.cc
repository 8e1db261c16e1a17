#include "controlplane/reports.h"

#include <initializer_list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

constexpr auto kA = "10.0.0.1:1";
constexpr auto kB = "10.0.0.2:1";
constexpr Duration kFresh = seconds(6);  // the World's

struct Reported : World {
  Reported() { EXPECT_TRUE(fleet.start(std::vector{spec_of(kA), spec_of(kB)})); }

  // Of the first replica, with the next number.
  Report next() {
    Report report;
    report.replica = kA;
    report.sequence = ++sequence;
    return report;
  }
  Report counted(std::uint64_t queries, std::uint64_t hits) {
    Report report = next();
    report.prefix = {queries, hits};
    return report;
  }
  // What is wrong with it; empty when it was taken.
  std::string push(const Report& report, const std::string& reporter = "r1") {
    ReportBatch batch{.reporter = reporter, .items = {}};
    batch.items.push_back({report.replica, report});
    return reports.take(batch, now).reports.front();
  }
  // A prompt of so many tokens went to the first replica, which was believed to hold some of them.
  void send(std::uint32_t tokens, std::uint32_t believed, std::uint32_t age = 0) {
    residency.record(ref().id, {}, {}, tokens - believed, 0);
    residency.believe(ref().id, believed, age);
  }
  void hold(std::uint64_t hash) {
    const prompt::Rung rung[] = {{hash, 256}};
    residency.record(ref().id, rung, {}, 1, 0);
  }
  [[nodiscard]] bool holds(std::uint64_t hash) const { return residency.holders(hash).count == 1; }
  [[nodiscard]] balance::ReplicaRef ref() const { return registry.find(kA)->ref; }
  [[nodiscard]] Knowledge knowledge() const { return reports.knowledge(*registry.find(kA), now); }

  Instant now{seconds(100).ns};
  std::uint64_t sequence = 0;
};

TEST(Reports, AReplicaIsKnownBlindThenByCountersThenByReceipts) {
  Reported a;
  EXPECT_EQ(a.knowledge(), Knowledge::blind);
  EXPECT_EQ(a.push(a.next()), "");
  EXPECT_EQ(a.knowledge(), Knowledge::blind) << "a report without the prefix cache's counters";
  EXPECT_EQ(a.push(a.counted(0, 0)), "");
  EXPECT_EQ(a.knowledge(), Knowledge::counters);
  EXPECT_EQ(a.accounts.tokens().cached(a.ref(), prompt::Api::responses, 5), 5U);
  EXPECT_EQ(a.knowledge(), Knowledge::receipts);
  EXPECT_EQ(a.reports.knowledge(*a.registry.find(kB), a.now), Knowledge::blind);
}

TEST(Reports, AStaleReportIsNotUsed) {
  Reported a;
  Report report = a.counted(10, 5);
  report.age = seconds(1);
  report.kv_tokens = 4'000;
  report.waiting = 9;
  report.running = 1;
  EXPECT_EQ(a.push(report), "");
  EXPECT_EQ(a.residency.capacity(a.ref().id), 4'000U);
  EXPECT_GT(a.accounts.reports().others(a.ref().id, a.now), 0U);
  a.now = a.now + kFresh - seconds(1) - millis(1);
  a.reports.expire(a.now);
  EXPECT_EQ(a.knowledge(), Knowledge::counters);
  EXPECT_EQ(a.residency.capacity(a.ref().id), 4'000U);
  a.now = a.now + millis(1);
  EXPECT_EQ(a.knowledge(), Knowledge::blind) << "as soon as it is too old, whenever that is noticed";
  EXPECT_EQ(a.accounts.reports().others(a.ref().id, a.now), 0U);
  a.reports.expire(a.now);
  a.reports.expire(a.now);
  EXPECT_EQ(a.residency.capacity(a.ref().id), 0U);
  EXPECT_EQ(a.reports.counters().ran_dry.value(), 1U);
  EXPECT_EQ(a.reports.last(a.ref())->read, a.now - kFresh) << "its age is still told";
  EXPECT_EQ(a.push(a.counted(11, 5)), "");
  EXPECT_EQ(a.knowledge(), Knowledge::counters);
}

TEST(Reports, WhatIsOutOfOrderOrNotOfThisReplicaIsRefusedAndNothingElseIsLost) {
  Reported a;
  a.sequence = 4;
  EXPECT_EQ(a.push(a.next()), "");
  Report late = a.next();
  late.sequence = 5;
  EXPECT_EQ(a.push(late), "its sequence is 5, behind 5");
  Report gone = a.next();
  gone.generation = 7;
  EXPECT_EQ(a.push(gone), "it is about generation 7, and the replica's is 1");
  Report old = a.next();
  old.age = kFresh;
  EXPECT_EQ(a.push(old), "it is too old: a report is used for 6s");
  Report unknown = a.next();
  unknown.replica = "10.0.0.9:1";
  EXPECT_EQ(a.push(unknown), "there is no replica 10.0.0.9:1");
  EXPECT_EQ(a.reports.last(a.ref())->report.sequence, 5U);
  EXPECT_EQ(a.reports.counters().refused.value(), 4U);
  EXPECT_EQ(a.reports.counters().taken.value(), 1U);

  Report next = a.next();
  next.sequence = 9;
  EXPECT_EQ(a.push(next), "");
  EXPECT_EQ(a.reports.counters().lost.value(), 3U);
  // A reporter that was started anew counts anew.
  Report first = a.next();
  first.sequence = 1;
  EXPECT_EQ(a.push(first, "r2"), "");
  Report overtaken = a.next();
  overtaken.age = seconds(1);
  EXPECT_EQ(a.push(overtaken, "r1"), "it is older than the last one of r2");
  EXPECT_EQ(a.reports.counters().lost.value(), 3U);
}

TEST(Reports, CountersThatGoBackAreAnEngineThatStartedAnew) {
  Reported a;
  a.hold(mix64(1));
  EXPECT_EQ(a.push(a.counted(1'000, 500)), "");
  EXPECT_EQ(a.push(a.counted(1'000, 500)), "");
  EXPECT_TRUE(a.holds(mix64(1))) << "an idle engine";
  EXPECT_EQ(a.accounts.tokens().cached(a.ref(), prompt::Api::responses, 5), 5U);
  EXPECT_EQ(a.push(a.counted(900, 500)), "");
  EXPECT_FALSE(a.holds(mix64(1)));
  EXPECT_EQ(a.reports.counters().restarts.value(), 1U);
  EXPECT_EQ(a.knowledge(), Knowledge::counters) << "whether it tells receipts is to be seen again";
}

TEST(Reports, AnEngineIsKnownByItsInstanceWhateverItsCountersSay) {
  Reported a;
  a.hold(mix64(1));
  for (const std::uint64_t instance : {0U, 5U, 0U, 5U}) {
    Report report = a.counted(1'000, 500);
    report.instance = instance;
    EXPECT_EQ(a.push(report), "");
  }
  EXPECT_TRUE(a.holds(mix64(1)));
  Report other = a.counted(9'000, 600);
  other.instance = 6;
  EXPECT_EQ(a.push(other), "");
  EXPECT_FALSE(a.holds(mix64(1)));
}

// The cache of 50,000 tokens that nobody told of: prompts that were believed to be there by entries older than that
// were not.
TEST(Reports, CountersCorrectHowMuchACacheIsTakenToHold) {
  Reported a;
  EXPECT_EQ(a.push(a.counted(0, 0)), "");
  for (int i = 0; i < 10; ++i) a.send(4'000, 3'000, 50'000);
  EXPECT_EQ(a.push(a.counted(10'000, 9'000)), "");
  EXPECT_EQ(a.reports.counters().compared.value(), 0U) << "too little to tell";
  EXPECT_EQ(a.push(a.counted(40'000, 29'000)), "");
  EXPECT_EQ(a.reports.counters().compared.value(), 1U);
  EXPECT_EQ(a.residency.capacity(a.ref().id), 0U) << "as believed";

  for (int i = 0; i < 10; ++i) a.send(4'000, 3'000, 51'200);
  EXPECT_EQ(a.push(a.counted(80'000, 30'000)), "");
  EXPECT_EQ(a.residency.capacity(a.ref().id), 27'306U) << "a thirtieth was there: a little above half of the mean age";
  EXPECT_EQ(a.reports.counters().contradicted.value(), 1U);
  // More was there than believed: it holds more.
  for (int i = 0; i < 10; ++i) a.send(4'000, 0);
  EXPECT_EQ(a.push(a.counted(120'000, 60'000)), "");
  EXPECT_EQ(a.residency.capacity(a.ref().id), 27'306U + 27'306U / 8);
  EXPECT_EQ(a.reports.counters().contradicted.value(), 2U);
}

TEST(Reports, NothingIsLearnedFromOthersPromptsNorBesideReceipts) {
  Reported a;
  EXPECT_EQ(a.push(a.counted(0, 0)), "");
  for (int i = 0; i < 10; ++i) a.send(4'000, 3'000, 51'200);
  EXPECT_EQ(a.push(a.counted(200'000, 0)), "");
  EXPECT_EQ(a.residency.capacity(a.ref().id), 0U) << "four fifths came by another way";
  EXPECT_EQ(a.reports.counters().mixed.value(), 1U);
  EXPECT_EQ(a.accounts.tokens().cached(a.ref(), prompt::Api::responses, 5), 5U);
  for (int i = 0; i < 10; ++i) a.send(4'000, 3'000, 51'200);
  EXPECT_EQ(a.push(a.counted(240'000, 0)), "");
  EXPECT_EQ(a.residency.capacity(a.ref().id), 0U);
  EXPECT_EQ(a.reports.counters().contradicted.value(), 1U) << "shown, and left to the receipts";
}

TEST(Reports, WhatWaitsThereAndIsNotOursIsAQueue) {
  Reported a;
  std::vector<balance::Charge> ours;
  for (int i = 0; i < 3; ++i) {
    ours.push_back(a.accounts.charge(a.ref(), 0, 1'000, a.now));
    a.send(1'000, 0);
  }
  const auto others = [&](std::optional<std::uint32_t> waiting, std::optional<std::uint32_t> running) {
    Report report = a.next();
    report.waiting = waiting;
    report.running = running;
    EXPECT_EQ(a.push(report), "");
    return a.accounts.reports().others(a.ref().id, a.now);
  };
  // Each is taken to be as long as ours, and a first guess of 2,000, are on the mean.
  EXPECT_EQ(others(0, 50), 0U) << "nobody waits";
  EXPECT_EQ(others(2, 1), 0U) << "all of them ours";
  EXPECT_EQ(others(2, 2), 1'250U);
  EXPECT_EQ(others(4, 30), 5'000U);
  EXPECT_EQ(others(4, std::nullopt), 0U) << "whose they are cannot be told";
}

TEST(Reports, ANewOwnerOfTheNameBeginsWithNothing) {
  Reported a;
  Report report = a.counted(1'000, 500);
  report.kv_tokens = 9'000;
  EXPECT_EQ(a.push(report), "");
  const balance::ReplicaRef before = a.ref();
  ASSERT_TRUE(a.fleet.remove(kA).has_value());
  ASSERT_TRUE(a.fleet.add(spec_of(kA)).has_value());
  EXPECT_NE(a.ref(), before);
  EXPECT_EQ(a.reports.last(a.ref()), nullptr);
  EXPECT_EQ(a.knowledge(), Knowledge::blind);
  Report small = a.counted(1, 0);
  small.sequence = 1;
  EXPECT_EQ(a.push(small), "") << "its counters and numbers are its own";
  EXPECT_EQ(a.reports.counters().restarts.value(), 0U);
}

}  // namespace
}  // namespace wp::control
