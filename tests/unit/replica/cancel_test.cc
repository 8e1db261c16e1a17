// A client that goes away frees its slot at once, wherever its request stands.
#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/replica/world.h"

namespace wp::replica {
namespace {

using nlohmann::json;

constexpr std::string_view kLongest = R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":900,"stream":true})";

TEST(Cancel, FinInMidStreamEndsTheRequest) {
  World world;
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, kLongest));
  world.run_for(millis(100));
  EXPECT_EQ(world.replica().engine().running(), 1U);
  world.finish(client);
  const Instant left = world.now();
  world.run_for(nanos(1));
  EXPECT_EQ(world.replica().engine().running(), 0U);
  EXPECT_EQ(world.replica().engine().cache().pinned(), 0U);
  EXPECT_EQ(world.replica().engine().totals().cancelled, 1U);
  EXPECT_EQ(world.replica().last_cancel(), left);
  EXPECT_EQ(world.server().connections(), 0U);
  EXPECT_TRUE(world.failed(client)) << "the stream is cut, not ended";
}

TEST(Cancel, ResetInMidStreamEndsTheRequest) {
  World world;
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, kLongest));
  world.run_for(millis(100));
  world.reset(client);
  world.run_for(nanos(1));
  EXPECT_EQ(world.replica().engine().running(), 0U);
  EXPECT_EQ(world.replica().engine().totals().cancelled, 1U);
}

TEST(Cancel, ResetInTheQueueAndInThePrefill) {
  World world;
  std::vector<std::size_t> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(world.connect());
    world.send(clients.back(), post_text(kChat, kLongest));
  }
  world.run_for(millis(1));
  EXPECT_EQ(world.replica().engine().waiting(), 2U);
  world.reset(clients[0]);
  world.reset(clients[1]);
  world.run_for(millis(1));
  EXPECT_EQ(world.replica().engine().waiting(), 0U);
  EXPECT_EQ(world.replica().engine().running(), 1U);
  EXPECT_EQ(world.replies(clients[2])[0].status, 200);
}

TEST(Cancel, AWholeReplyIsCancelledToo) {
  World world;
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":900})"));
  world.run_for(millis(100));
  world.finish(client);
  world.run_for(millis(1));
  EXPECT_EQ(world.replica().engine().totals().cancelled, 1U);
}

TEST(Cancel, AFinBehindAFinishedReplyIsNoCancel) {
  World world;
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":2})"));
  EXPECT_EQ(world.replies(client)[0].status, 200);
  world.finish(client);
  world.run_for(millis(1));
  EXPECT_EQ(world.replica().engine().totals().cancelled, 0U);
  EXPECT_EQ(world.server().connections(), 0U);
  EXPECT_EQ(world.server_ports().live(), 0U);
}

TEST(Cancel, PagesAnswerAClientThatHalfCloses) {
  World world;
  const std::size_t client = world.connect();
  world.send(client, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  world.finish(client);
  EXPECT_EQ(world.replies(client)[0].status, 200);
}

TEST(Cancel, TheEventsTellWhen) {
  World world;
  const std::size_t client = world.connect();
  std::string text = post_text(kChat, kLongest);
  text.insert(text.find("\r\n") + 2, "x-request-id: abort-me\r\n");
  world.send(client, text);
  world.run_for(millis(100));
  world.reset(client);
  world.run_for(millis(5));

  const json data = json::parse(world.get("/debug/events").body);
  ASSERT_EQ(data["total"], 3);
  EXPECT_EQ(data["events"][0]["event"], "arrive");
  EXPECT_EQ(data["events"][1]["event"], "first_token");
  EXPECT_EQ(data["events"][2]["event"], "cancelled");
  EXPECT_EQ(data["events"][0]["at_ms"], 100'000.0);
  EXPECT_EQ(data["events"][1]["at_ms"], 100'010.0);
  EXPECT_EQ(data["events"][2]["at_ms"], 100'100.0);
  for (const json& event : data["events"]) EXPECT_EQ(event["x_request_id"], "abort-me");
  EXPECT_NE(world.get("/metrics").body.find("\nreplica_cancelled_total 1\n"), std::string::npos);
  EXPECT_NE(world.get("/metrics").body.find("\nreplica_last_cancel_ms 100100.0\n"), std::string::npos);
}

TEST(EventLog, KeepsTheLastThousand) {
  EventLog log;
  for (int i = 0; i < 2500; ++i) log.add(Instant{i}, Happened::done, "api", "id", "");
  std::vector<std::uint64_t> numbers;
  log.for_each([&](const LoggedEvent& event) { numbers.push_back(event.number); });
  ASSERT_EQ(numbers.size(), EventLog::kKept);
  EXPECT_EQ(numbers.front(), 1501U);
  EXPECT_EQ(numbers.back(), 2500U);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
}

}  // namespace
}  // namespace wp::replica
