#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "controlplane/health/prober.h"
#include "tests/unit/controlplane/health_peer.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

constexpr Duration kNever = seconds(3600);

HealthPolicy every(Duration interval, Duration timeout = seconds(5)) {
  return {.interval = interval, .timeout = timeout};
}

struct Watch {
  explicit Watch(std::size_t concurrent = Prober::kConcurrent)
      : prober(
            io, steady_now, 1,
            [this](const std::string& name, Health health, CheckResult) {
              ++changes;
              verdicts[name] = health;
            },
            concurrent) {}

  void watch(const std::string& name, const Endpoint& at, const HealthPolicy& policy) {
    prober.watch({name, name, {at}}, policy);
  }
  [[nodiscard]] std::uint64_t count(CheckResult result) const {
    return prober.counters().results[static_cast<std::size_t>(result)].value();
  }
  bool reaches(const std::string& name, Health health) {
    return run_until(io, [&] { return verdicts.contains(name) && verdicts[name] == health; });
  }

  boost::asio::io_context io;
  std::map<std::string, Health> verdicts;
  int changes = 0;
  Prober prober;
};

TEST(Prober, VerdictsFollowWhatTheServerAnswers) {
  Watch w;
  HealthPeer peer(w.io, status_reply(503));
  w.watch("r", peer.at(), every(millis(8)));
  EXPECT_TRUE(w.reaches("r", Health::starting));
  peer.reply = status_reply(200);
  EXPECT_TRUE(w.reaches("r", Health::up));
  peer.reply = status_reply(500);
  EXPECT_TRUE(w.reaches("r", Health::down));
  EXPECT_EQ(w.changes, 3);
  EXPECT_GE(w.count(CheckResult::bad_status), 3U);
  EXPECT_GT(w.prober.last_duration("r"), Duration{});
  EXPECT_EQ(w.prober.last_duration("another"), Duration{});
}

TEST(Prober, AServerThatStopsAndComesBackIsFollowed) {
  Watch w;
  auto peer = std::make_unique<HealthPeer>(w.io, status_reply(200));
  const Endpoint at = peer->at();
  w.watch("r", at, every(millis(8)));
  ASSERT_TRUE(w.reaches("r", Health::up));
  peer->stop();
  ASSERT_TRUE(w.reaches("r", Health::down));
  EXPECT_GE(w.count(CheckResult::refused), 3U);
}

TEST(Prober, ACheckOfAPageThatIsNotAskedForAnyMoreIsMadeAgain) {
  Watch w;
  HealthPeer silent(w.io, "");
  w.watch("r", silent.at(), every(millis(8), kNever));
  ASSERT_TRUE(run_until(w.io, [&] { return silent.asked == 1; }));
  HealthPolicy other = every(millis(8), kNever);
  other.rise = 7;
  EXPECT_TRUE(w.prober.set_policy("r", other));
  w.io.poll();
  EXPECT_EQ(w.prober.counters().under_way.value(), 1U);
  EXPECT_EQ(silent.asked, 1);
  other.path = "/other";
  EXPECT_TRUE(w.prober.set_policy("r", other));
  ASSERT_TRUE(run_until(w.io, [&] { return silent.asked == 2; }));
  EXPECT_TRUE(silent.last_request.starts_with("GET /other ")) << silent.last_request;
  EXPECT_EQ(w.prober.counters().under_way.value(), 1U);
  EXPECT_FALSE(w.prober.set_policy("another", other));
}

TEST(Prober, PoliciesThatChangeAllTheTimePutNoCheckOff) {
  Watch w;
  HealthPeer peer(w.io, status_reply(200));
  HealthPolicy policy = every(millis(50));
  w.watch("r", peer.at(), policy);
  EXPECT_TRUE(run_until(w.io, [&] {
    policy.rise = policy.rise % 5 + 1;
    w.prober.set_policy("r", policy);
    return peer.asked >= 4;
  }));
}

TEST(Prober, OneThatHangsDelaysNobody) {
  Watch w;
  HealthPeer silent(w.io, "");
  HealthPeer lively(w.io, status_reply(200));
  w.watch("silent", silent.at(), every(millis(8), kNever));
  w.watch("lively", lively.at(), every(millis(8)));
  ASSERT_TRUE(run_until(w.io, [&] { return lively.asked >= 10; }));
  EXPECT_EQ(silent.asked, 1) << "one check of a replica at a time";
  EXPECT_FALSE(w.prober.all_tried());
  EXPECT_TRUE(run_until(w.io, [&] { return w.prober.counters().under_way.value() == 1; }));
  w.prober.forget("silent");
  EXPECT_EQ(w.prober.counters().under_way.value(), 0U);
  EXPECT_TRUE(run_until(w.io, [&] { return silent.waiting == 0; })) << "a forgotten replica's check is dropped";
}

TEST(Prober, ChecksUnderWayAreBounded) {
  Watch w(2);
  HealthPeer silent(w.io, "");
  HealthPeer lively(w.io, status_reply(200));
  w.watch("silent-1", silent.at(), every(kNever, millis(50)));
  w.watch("silent-2", silent.at(), every(kNever, millis(50)));
  w.watch("lively", lively.at(), every(kNever));
  ASSERT_TRUE(run_until(w.io, [&] { return silent.asked == 2; }));
  EXPECT_EQ(lively.asked, 0);
  EXPECT_GE(w.prober.counters().delayed.value(), 1U);
  EXPECT_TRUE(w.reaches("lively", Health::up)) << "it has its turn when one of them timed out";
  EXPECT_LE(w.prober.counters().under_way.value(), 2U);
}

TEST(Prober, WhoIsHaltedMakesRoomForTheNext) {
  Watch w(1);
  HealthPeer silent(w.io, "");
  HealthPeer lively(w.io, status_reply(200));
  w.watch("silent-1", silent.at(), every(kNever, kNever));
  w.watch("silent-2", silent.at(), every(kNever, kNever));
  w.watch("lively", lively.at(), every(kNever));
  ASSERT_TRUE(run_until(w.io, [&] { return silent.asked == 1; }));
  w.prober.forget("silent-1");
  ASSERT_TRUE(run_until(w.io, [&] { return silent.asked == 2; }));
  w.prober.set_endpoints("silent-2", {});
  EXPECT_TRUE(w.reaches("lively", Health::up));
}

TEST(Prober, WithoutAnAddressNothingIsAsked) {
  Watch w;
  HealthPeer peer(w.io, status_reply(200));
  w.prober.watch({"r", "r", {}}, every(millis(8)));
  EXPECT_FALSE(w.prober.all_tried());
  w.prober.set_endpoints("r", {peer.at()});
  EXPECT_TRUE(w.reaches("r", Health::up));
  EXPECT_TRUE(w.prober.all_tried());
  w.prober.set_endpoints("r", {});
  const int asked = peer.asked;
  HealthPeer other(w.io, status_reply(200));
  w.watch("other", other.at(), every(millis(8)));
  ASSERT_TRUE(run_until(w.io, [&] { return other.asked >= 5; }));
  EXPECT_EQ(peer.asked, asked);
}

TEST(Prober, AReplicaWatchedAnewBeginsAnew) {
  Watch w;
  HealthPeer first(w.io, "");
  HealthPeer second(w.io, status_reply(503));
  w.watch("r", first.at(), every(millis(8)));
  ASSERT_TRUE(run_until(w.io, [&] { return first.asked == 1; }));
  w.watch("r", second.at(), every(millis(8)));
  EXPECT_TRUE(w.reaches("r", Health::starting));
}

TEST(Prober, ManyReplicasAreAllJudged) {
  Watch w(8);
  HealthPeer peer(w.io, status_reply(200));
  for (int i = 0; i < 200; ++i) w.watch("r" + std::to_string(i), peer.at(), every(kNever));
  EXPECT_TRUE(run_until(w.io, [&] { return w.verdicts.size() == 200; }));
  EXPECT_EQ(peer.asked, 200);
}

TEST(Prober, ItMayGoWithChecksUnderWay) {
  boost::asio::io_context io;
  HealthPeer silent(io, "");
  int changes = 0;
  auto prober =
      std::make_unique<Prober>(io, steady_now, 1, [&changes](const std::string&, Health, CheckResult) { ++changes; });
  prober->watch({"r", "r", {silent.at()}}, every(millis(8)));
  ASSERT_TRUE(run_until(io, [&] { return silent.asked == 1; }));
  prober.reset();
  EXPECT_TRUE(run_until(io, [&] { return silent.waiting == 0; }));
  EXPECT_EQ(changes, 0);
}

}  // namespace
}  // namespace wp::control
