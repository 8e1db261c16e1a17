#include "tools/replica/connection.h"

#include <gtest/gtest.h>

#include "tests/unit/replica/world.h"

namespace wp::replica {
namespace {

constexpr std::string_view kShort = R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":3})";
constexpr std::string_view kStream = R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":3,"stream":true})";
constexpr std::string_view kLong = R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":500,"stream":true})";

TEST(Connection, PipelinedRequestsAreAnsweredInOrder) {
  World world;
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, kLong) + "GET /health HTTP/1.1\r\nHost: a\r\n\r\n" + post_text(kChat, kShort) +
                         "GET /nope HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto replies = world.replies(client, 4);
  EXPECT_EQ(replies[0].field("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(replies[1].body, "");
  EXPECT_NE(replies[2].body.find("chat.completion"), std::string::npos);
  EXPECT_EQ(replies[3].status, 404);
  EXPECT_FALSE(world.closed(client));
}

TEST(Connection, AnyCutOfTheBytesGivesTheSame) {
  std::string whole;
  for (const std::uint32_t piece : {UINT32_MAX, 1U, 2U, 3U, 7U, 100U}) {
    World world;
    world.set_piece(piece);
    const std::size_t client = world.connect();
    world.send(client, post_text(kChat, kStream) + post_text(kChat, kShort));
    const auto replies = world.replies(client, 2);
    const std::string all = replies[0].head + replies[0].body + replies[1].head + replies[1].body;
    if (whole.empty()) whole = all;
    // Ids and times depend on nothing but the order of requests.
    EXPECT_EQ(all, whole) << "in pieces of " << piece;
  }
}

TEST(Connection, ChunkedBodiesAreRead) {
  World world;
  const std::size_t client = world.connect();
  std::string text = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char c : kShort) text += "1\r\n" + std::string(1, c) + "\r\n";
  world.send(client, text + "0\r\n\r\n");
  EXPECT_EQ(world.replies(client)[0].status, 200);
}

TEST(Connection, ContinueIsSentBeforeTheBody) {
  World world;
  const std::size_t client = world.connect();
  world.send(client, "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: " +
                         std::to_string(kShort.size()) + "\r\n\r\n");
  world.run_for(millis(1));
  EXPECT_EQ(world.received(client), "HTTP/1.1 100 Continue\r\n\r\n");
  world.received(client).clear();
  world.send(client, kShort);
  EXPECT_EQ(world.replies(client)[0].status, 200);
}

TEST(Connection, TokensLeaveWhenTheyAreMade) {
  World world;
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, kLong));
  world.run_for(millis(9));  // 5 prompt tokens and the overhead make 10 ms
  EXPECT_EQ(world.received(client), "");
  std::size_t before = 0;
  for (int token = 0; token < 5; ++token) {
    world.run_for(token == 0 ? millis(1) : millis(10));
    EXPECT_GT(world.received(client).size(), before);
    before = world.received(client).size();
  }
}

TEST(Connection, MalformedRequestsAreRefusedAndTheConnectionClosed) {
  for (const char* text : {"GARBAGE\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                           "POST /kv HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                           "POST /kv HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    World world;
    const std::size_t client = world.connect();
    world.send(client, text);
    const Reply reply = world.replies(client)[0];
    EXPECT_EQ(reply.status, 400) << text;
    EXPECT_FALSE(reply.keep_alive) << text;
    EXPECT_TRUE(reply.body.starts_with(R"({"error":{"message":)")) << reply.body;
    world.run_for(millis(1));
    EXPECT_TRUE(world.closed(client)) << text;
  }
}

TEST(Connection, BodiesBeyondTheLimitAreRefused) {
  ConnectionLimits limits;
  limits.max_body = 100;
  World world(World::config(), limits);
  const Reply counted = world.post(kChat, std::string(101, ' '));
  EXPECT_EQ(counted.status, 413);
  const std::size_t client = world.connect();
  world.send(client, "POST /v1/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
                         std::string(101, ' ') + "\r\n0\r\n\r\n");
  const Reply chunked = world.replies(client)[0];
  EXPECT_EQ(chunked.status, 413);
  EXPECT_TRUE(chunked.body.starts_with(R"({"type":"error","error":{"type":"request_too_large")")) << chunked.body;
}

TEST(Connection, ClosesAfterItsLastRequest) {
  ConnectionLimits limits;
  limits.max_requests = 2;
  World world(World::config(), limits);
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, kStream) + post_text(kChat, kStream) + post_text(kChat, kStream));
  const auto replies = world.replies(client, 2);
  EXPECT_TRUE(replies[0].keep_alive);
  EXPECT_FALSE(replies[1].keep_alive);
  world.run_for(millis(100));
  EXPECT_TRUE(world.closed(client));
  EXPECT_EQ(world.received(client), "") << "the third is not answered";
  EXPECT_EQ(world.server().connections(), 0U);
}

TEST(Connection, IdleConnectionsAreClosed) {
  ConnectionLimits limits;
  limits.idle_close = seconds(5);
  World world(World::config(), limits);
  const std::size_t client = world.connect();
  world.send(client, post_text(kChat, kLong));  // 5 s of tokens: not idle
  EXPECT_EQ(world.replies(client)[0].status, 200);
  world.run_for(seconds(5) - millis(10));
  EXPECT_FALSE(world.closed(client));
  world.run_for(millis(20));
  EXPECT_TRUE(world.closed(client));
  EXPECT_EQ(world.server().connections(), 0U);
}

TEST(Connection, Http10StreamsEndWithTheConnection) {
  World world;
  const std::size_t client = world.connect();
  world.send(client, "POST /v1/chat/completions HTTP/1.0\r\nContent-Length: " + std::to_string(kStream.size()) +
                         "\r\n\r\n" + std::string(kStream));
  world.run_for(seconds(1));
  EXPECT_TRUE(world.closed(client));
  EXPECT_EQ(world.received(client).find("chunked"), std::string::npos);
  EXPECT_TRUE(world.received(client).ends_with("data: [DONE]\n\n"));
}

TEST(Connection, HeadHasNoBody) {
  World world;
  const std::size_t client = world.connect();
  world.send(client, "HEAD /v1/models HTTP/1.1\r\nHost: a\r\n\r\n");
  world.run_for(millis(1));
  EXPECT_TRUE(world.received(client).ends_with("\r\n\r\n"));
  EXPECT_EQ(world.received(client).find("{"), std::string::npos);
}

TEST(Connection, ASlowReaderCostsBoundedMemoryAndLosesNothing) {
  World world;
  const std::string body = R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":3000,"stream":true})";
  const std::size_t fast = world.connect();
  world.send(fast, post_text(kChat, body));
  const Reply whole = world.replies(fast)[0];

  const std::size_t slow = world.connect();
  world.send(slow, post_text(kChat, body));
  world.stop_reading(slow);
  world.run_for(seconds(40));
  EXPECT_EQ(world.replica().engine().running(), 0U) << "the engine does not wait for its reader";
  EXPECT_LE(world.server_ports().slabs().held(), 64U * 1024 / 4096 + 1);
  world.stop_reading(slow, false);
  const Reply late = world.replies(slow)[0];
  EXPECT_EQ(late.body.size(), whole.body.size());
  EXPECT_TRUE(late.body.ends_with("data: [DONE]\n\n"));
}

TEST(Connection, KeysAreCheckedWhereOneIsSet) {
  ReplicaConfig config = World::config();
  config.api_key = "secret";
  World world(config);
  EXPECT_EQ(world.post(kChat, kShort).status, 401);
  EXPECT_EQ(world.get("/health").status, 200);
  const std::size_t client = world.connect();
  world.send(client,
             "GET /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\n\r\n"
             "GET /v1/models HTTP/1.1\r\nHost: a\r\nx-api-key: secret\r\n\r\n");
  for (const Reply& reply : world.replies(client, 2)) EXPECT_EQ(reply.status, 200);
}

}  // namespace
}  // namespace wp::replica
