#include "controlplane/resolver.h"

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

struct Answers {
  explicit Answers(Duration interval)
      : resolver(io, interval, [this](const std::string& name, const std::vector<Endpoint>& endpoints) {
          ++calls;
          last[name] = endpoints;
        }) {}

  boost::asio::io_context io;
  int calls = 0;
  std::map<std::string, std::vector<Endpoint>> last;
  Resolver resolver;
};

// Reserved by RFC 6761 section 6.4: never has an address.
constexpr const char* kNobody = "nobody.invalid";

TEST(Resolver, LocalhostHasLoopbackAddresses) {
  Answers a(seconds(3600));
  a.resolver.watch("r", "localhost", 81);
  ASSERT_TRUE(run_until(a.io, [&] { return a.calls == 1; }));
  ASSERT_FALSE(a.last["r"].empty());
  for (const Endpoint& endpoint : a.last["r"]) {
    EXPECT_EQ(endpoint.port, 81);
    const std::string address = address_string(endpoint);
    EXPECT_TRUE(address.starts_with("127.") || address == "::1") << address;
  }
  EXPECT_EQ(a.resolver.counters().lookups.value(), 1U);
  EXPECT_EQ(a.resolver.counters().changes.value(), 1U);
}

TEST(Resolver, TheSameAnswerAgainIsNoChange) {
  Answers a(millis(1));
  a.resolver.watch("r", "localhost", 81);
  ASSERT_TRUE(run_until(a.io, [&] { return a.resolver.counters().lookups.value() >= 4; }));
  EXPECT_EQ(a.calls, 1);
}

TEST(Resolver, AFailureIsCountedAndReportsNothing) {
  Answers a(millis(1));
  a.resolver.watch("r", kNobody, 81);
  ASSERT_TRUE(run_until(a.io, [&] { return a.resolver.counters().failures.value() >= 2; }));
  EXPECT_EQ(a.calls, 0);
}

TEST(Resolver, AForgottenNameIsNotReported) {
  Answers a(seconds(3600));
  a.resolver.watch("gone", "localhost", 81);
  a.resolver.forget("gone");
  a.resolver.watch("here", "localhost", 82);
  ASSERT_TRUE(run_until(a.io, [&] { return a.calls == 1; }));
  EXPECT_EQ(a.last.count("gone"), 0U);
  EXPECT_EQ(a.last.count("here"), 1U);
}

TEST(Resolver, AnAnswerForAnEarlierWatchOfTheNameIsDropped) {
  Answers a(seconds(3600));
  a.resolver.watch("r", "localhost", 81);
  a.resolver.watch("r", "localhost", 82);
  ASSERT_TRUE(run_until(a.io, [&] { return a.calls == 1; }));
  EXPECT_EQ(a.last["r"].front().port, 82);
}

TEST(Resolver, ItMayGoWhileALookupIsUnderWay) {
  boost::asio::io_context io;
  int calls = 0;
  {
    Resolver resolver(io, millis(1), [&](const std::string&, const std::vector<Endpoint>&) { ++calls; });
    resolver.watch("r", "localhost", 81);
  }
  io.run();
  EXPECT_EQ(calls, 0);
}

TEST(Resolver, LiteralReplicasAreNeverLookedUp) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("127.0.0.1:81")).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("[::1]:81")).has_value());
  ASSERT_TRUE(run_until(w.io, [&] { return w.io.stopped(); }));
  EXPECT_EQ(w.fleet.resolver().counters().lookups.value(), 0U);
}

}  // namespace
}  // namespace wp::control
