#include "tools/replica/faults.h"

#include <gtest/gtest.h>

#include "tests/unit/replica/world.h"

namespace wp::replica {
namespace {

constexpr std::string_view kWhole = R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":20})";
constexpr std::string_view kTwentyTokens =
    R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":20,"stream":true})";

World faulty(const char* faults, std::uint64_t seed = 0) {
  ReplicaConfig config = World::config();
  config.faults = *parse_faults(faults);
  config.seed = seed;
  return World(config);
}

// A connection on which `body` was sent, a minute later.
std::size_t asked(World& world, std::string_view body) {
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, body));
  world.run_for(seconds(60));
  return client;
}

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST(Faults, AreReadAndWrittenAlike) {
  for (const char* text : {"late=1.5", "stall=3,share=0.25", "die=0,times=2", "reset=7,share=0.5,times=1", "lie=1",
                           "status=503", "slow-drain=100", "slow-accept=2", "idle-close=5"}) {
    const auto fault = parse_fault(text);
    ASSERT_TRUE(fault) << fault.error();
    EXPECT_EQ(to_string(*fault), text);
  }
}

TEST(Faults, NonsenseIsRefused) {
  for (const char* text : {"", "die", "die=", "die=-1", "die=x", "die=1x", "die=1,share=2", "die=1,share", "nope=1",
                           "status=200", "status=600", "late=0", "late=inf", "die=1,times=0.5", "share=1"}) {
    EXPECT_FALSE(parse_fault(text)) << text;
  }
  EXPECT_FALSE(parse_faults("late=1\nnope=1\n"));
  EXPECT_EQ(parse_faults("late=1\n\nstall=1")->size(), 2U);
}

TEST(Faults, StrikeTheirShareAndNoMoreThanTheirTimes) {
  Faults share(*parse_faults("status=503,share=0.25"), 1);
  int struck = 0;
  for (int i = 0; i < 10'000; ++i) struck += share.befall_request().status == 503 ? 1 : 0;
  EXPECT_NEAR(struck, 2500, 150);
  Faults twice(*parse_faults("status=429,times=2"), 1);
  EXPECT_EQ(twice.befall_request().status, 429);
  EXPECT_EQ(twice.befall_request().status, 429);
  EXPECT_EQ(twice.befall_request().status, 0);
  EXPECT_EQ(twice.befallen(), 2U);
}

TEST(Faults, LateHoldsTheReplyBack) {
  World sound;
  World late = faulty("late=3");
  const Instant begun = late.now();
  EXPECT_EQ(late.post(kChat, kWhole).body, sound.post(kChat, kWhole).body);
  EXPECT_GE(late.now() - begun, seconds(3));
  EXPECT_LT(sound.now() - begun, seconds(3));
}

TEST(Faults, StallStopsBehindItsTokensAndKeepsTheConnection) {
  World world = faulty("stall=5");
  const std::size_t client = asked(world, kTwentyTokens);
  EXPECT_EQ(count(world.received(client), "\"content\":\""), 1U + 5U);
  EXPECT_FALSE(world.closed(client));
}

TEST(Faults, DieClosesInTheMiddle) {
  World world = faulty("die=5");
  for (const std::string_view body : {kTwentyTokens, kWhole}) {
    const std::size_t client = asked(world, body);
    EXPECT_TRUE(world.closed(client));
    EXPECT_FALSE(world.failed(client));
    std::string text = world.received(client);
    EXPECT_TRUE(text.starts_with("HTTP/1.1 200"));
    Reply reply;
    EXPECT_FALSE(take_reply(text, reply)) << text;
  }
  EXPECT_EQ(world.replica().engine().running(), 0U);
}

TEST(Faults, ResetComesBehindItsTokensOrBeforeAnything) {
  World world = faulty("reset=5,times=1\nreset=0");
  world.replica().faults().replace(*parse_faults("reset=5"));
  const std::size_t in_the_middle = asked(world, kTwentyTokens);
  EXPECT_TRUE(world.failed(in_the_middle));
  EXPECT_EQ(count(world.received(in_the_middle), "\"content\":\""), 1U + 5U);
  world.replica().faults().replace(*parse_faults("reset=0"));
  const std::size_t at_once = asked(world, kTwentyTokens);
  EXPECT_TRUE(world.failed(at_once));
  EXPECT_EQ(world.received(at_once), "");
}

TEST(Faults, ALyingChunkIsBrokenFraming) {
  World world = faulty("lie=2");
  const std::size_t client = asked(world, kTwentyTokens);
  const std::string& text = world.received(client);
  const std::size_t head = text.find("\r\n\r\n") + 4;
  http::BodyReader body;
  body.begin(http::Framing::chunked, 0, Fault::replica);
  bool refused = false;
  for (std::size_t at = head; at < text.size() && !refused;) {
    const auto step = body.feed(stream::as_bytes(std::string_view(text).substr(at)));
    refused = !step;
    if (step) at += step->taken;
  }
  EXPECT_TRUE(refused);
}

TEST(Faults, AStormIsRefusedWithRetryAfter) {
  World world = faulty("status=429,times=1\nstatus=503,times=2");
  const Reply first = world.post(kChat, kWhole);
  EXPECT_EQ(first.status, 503);  // both strike, the last one counts
  EXPECT_EQ(first.field("retry-after"), "1");
  EXPECT_EQ(world.post(kChat, kWhole).status, 503);
  const Reply after = world.post(kChat, kWhole);
  EXPECT_EQ(after.status, 200);
  EXPECT_EQ(after.field("retry-after"), "");
}

TEST(Faults, ASlowDrainKeepsToItsRate) {
  World world = faulty("slow-drain=100");
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, kWhole));
  world.run_for(seconds(3));
  EXPECT_GT(world.received(client).size(), 200U);
  EXPECT_LE(world.received(client).size(), 300U);
  EXPECT_EQ(world.replies(client)[0].status, 200);
}

TEST(Faults, ASlowAcceptLeavesAConnectionUnread) {
  World world = faulty("slow-accept=5");
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, kWhole));
  world.run_for(seconds(4));
  EXPECT_EQ(world.replica().engine().totals().accepted, 0U);
  EXPECT_EQ(world.replies(client)[0].status, 200);
  world.send(client, post_text(kChat, kWhole));  // only its beginning is slow
  world.run_for(seconds(2));
  EXPECT_EQ(world.replica().engine().totals().accepted, 2U);
}

TEST(Faults, SilentConnectionsAreClosed) {
  World world = faulty("idle-close=5");
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, kWhole));
  EXPECT_EQ(world.replies(client)[0].status, 200);
  world.run_for(seconds(4));
  EXPECT_FALSE(world.closed(client));
  world.run_for(seconds(2));
  EXPECT_TRUE(world.closed(client));
}

TEST(Faults, AreChangedAtRunTime) {
  World world;
  EXPECT_EQ(world.post("/debug/faults", "status=503,times=1\nlate=2,share=0.5").status, 200);
  EXPECT_EQ(world.post(kChat, kWhole).status, 503);
  const std::string page = world.get("/debug/faults").body;
  EXPECT_NE(page.find("late=2,share=0.5"), std::string::npos) << page;
  EXPECT_EQ(world.post("/debug/faults", "nope=1").status, 400);
  EXPECT_EQ(world.post("/debug/faults", "").status, 200);
  EXPECT_EQ(world.get("/debug/faults").body.find("late"), std::string::npos);
  EXPECT_EQ(world.post(kChat, kWhole).status, 200);
}

}  // namespace
}  // namespace wp::replica
