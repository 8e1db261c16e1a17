#include "tools/replica/server.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/replica/world.h"

namespace wp::replica {
namespace {

using nlohmann::json;

TEST(Server, EachPortIsItsOwnReplica) {
  World world;
  ReplicaConfig config = World::config();
  config.name = "test-1";
  world.add(config);
  const std::string body = R"({"messages":[{"role":"user","content":"Say hello to the whole world"}],"max_tokens":1})";
  static_cast<void>(world.post(kChat, body));
  const std::size_t other = world.connect(World::kPort + 1);
  world.send(other, post_text(kChat, body) + post_text(kChat, body));
  const auto replies = world.replies(other, 2);
  EXPECT_EQ(replies[0].field("x-replica-name"), "test-1");
  EXPECT_EQ(replies[0].field("x-replica-cached-tokens"), "0") << "the first replica's cache is not this one's";
  EXPECT_EQ(replies[1].field("x-replica-cached-tokens"), "8");
}

TEST(Server, EngineTimesAreExactOverTheWire) {
  World world;
  const Instant start = world.now();
  const std::string question(4 * 100, 'q');
  const std::size_t client = world.connect();
  world.send(
      client,
      post_text(
          kChat,
          json{{"messages", json::array({{{"role", "user"}, {"content", question}}})}, {"max_tokens", 1}}.dump()));
  world.run_until(start + millis(5 + 104) - nanos(1));  // 100 tokens of text, 4 marks
  EXPECT_EQ(world.received(client), "");
  world.run_until(start + millis(5 + 104));
  EXPECT_NE(world.received(client), "");
}

TEST(Server, AHundredStreamsArriveComplete) {
  World world;
  std::vector<std::size_t> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(world.connect());
    world.send(clients.back(),
               post_text(kChat, json{{"messages",
                                      json::array({{{"role", "user"}, {"content", "question " + std::to_string(i)}}})},
                                     {"max_tokens", 30},
                                     {"stream", true}}
                                    .dump()));
  }
  for (const std::size_t client : clients) {
    const Reply reply = world.replies(client)[0];
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
  }
  const EngineTotals& totals = world.replica().engine().totals();
  EXPECT_EQ(totals.finished, 100U);
  EXPECT_EQ(totals.generated_tokens, 3000U);
  EXPECT_EQ(world.server_ports().slabs().held(), 0U);
}

TEST(Server, PagesTellTheState) {
  World world;
  static_cast<void>(
      world.post(kChat, R"({"messages":[{"role":"user","content":"Say hello to the whole world"}],"max_tokens":2})"));
  const json models = json::parse(world.get("/v1/models").body);
  EXPECT_EQ(models["object"], "list");
  EXPECT_EQ(models["data"][0]["id"], "tiny");
  EXPECT_EQ(models["data"][1]["id"], "tiny-lora");
  EXPECT_EQ(world.get("/kv").body, R"({"name":"test-0","block_tokens":4,"capacity_blocks":1000,"cached_blocks":3,)"
                                   R"("pinned_blocks":0,"evicted_blocks":0})");
  const std::string metrics = world.get("/metrics").body;
  for (const char* line : {"replica_requests_running 0", "replica_requests_waiting 0", "replica_prompt_tokens_total 11",
                           "replica_cached_tokens_total 0", "replica_generated_tokens_total 2",
                           "replica_cancelled_total 0", "replica_finished_total 1"}) {
    EXPECT_NE(metrics.find("\n" + std::string(line) + "\n"), std::string::npos) << line << " in\n" << metrics;
  }
  EXPECT_EQ(world.get("/health").status, 200);
  EXPECT_EQ(world.get("/nothing").status, 404);
  const Reply refused = world.post("/kv", "{}");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.field("allow"), "GET, HEAD");
}

TEST(Server, HealthIsPlayedAsItIsTold) {
  World world;
  const auto told = [&world](const char* word) { return world.post("/debug/health", word).status; };
  EXPECT_EQ(told("loading"), 200);
  EXPECT_EQ(world.get("/health").status, 503);
  const char* const ask = R"({"messages":[{"role":"user","content":"hello"}],"max_tokens":2})";
  EXPECT_EQ(world.post(kChat, ask).status, 503) << "an engine that loads takes no requests";
  EXPECT_EQ(told("fail"), 200);
  EXPECT_EQ(world.get("/health").status, 500);
  EXPECT_EQ(world.post(kChat, ask).status, 200);
  EXPECT_EQ(told("absent"), 200);
  EXPECT_EQ(world.get("/health").status, 404);
  EXPECT_EQ(told("hang"), 200);
  const std::size_t client = world.connect();
  world.send(client, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run_for(seconds(10));
  EXPECT_EQ(world.received(client), "");
  EXPECT_EQ(told("ok"), 200);
  EXPECT_EQ(world.get("/health").status, 200);
  EXPECT_EQ(told("well"), 400);
  EXPECT_EQ(world.get("/debug/health").status, 404);
}

}  // namespace
}  // namespace wp::replica
