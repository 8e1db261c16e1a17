#include "tools/replica/api_anthropic.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/replica/world.h"

namespace wp::replica {
namespace {

using nlohmann::json;

constexpr const char* kHelloMessages =
    R"({"model":"tiny","messages":[{"role":"user","content":"Say hello to the whole world"}],"max_tokens":2})";
constexpr const char* kHelloStream = R"({"model":"tiny","messages":[{"role":"user","content":[{"type":"text",)"
                                     R"("text":"Say hello to the whole world"}]}],"max_tokens":2,"stream":true})";

constexpr const char* kHelloReply = R"({"id":"msg_ID","type":"message","role":"assistant","model":"tiny","content":[)"
                                    R"({"type":"text","text":"off fox."}],"stop_reason":"max_tokens",)"
                                    R"("stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":2}})";
constexpr const char* kHelloEvents =
    R"(event: message_start
data: {"type":"message_start","message":{"id":"msg_ID","type":"message","role":"assistant","model":"tiny",)"
    R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":0}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"off "}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"fox."}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},)"
    R"("usage":{"input_tokens":11,"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

)";

TEST(MessagesApi, WholeReply) {
  World world;
  const Reply reply = world.post("/v1/messages", kHelloMessages);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, with_id(kHelloReply, reply.body, "msg_"));
}

TEST(MessagesApi, Stream) {
  World world;
  const Reply reply = world.post("/v1/messages?beta=true", kHelloStream);
  EXPECT_EQ(reply.field("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(reply.body, with_id(kHelloEvents, reply.body, "msg_"));
}

TEST(MessagesApi, CachedTokensStandBesideInputTokens) {
  ReplicaConfig config = World::config();
  config.cache_report = true;
  World world(config);
  static_cast<void>(world.post("/v1/messages", kHelloMessages));
  EXPECT_EQ(json::parse(world.post("/v1/messages", kHelloMessages).body)["usage"],
            json::parse(
                R"({"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":8,"output_tokens":2})"));
}

TEST(MessagesApi, ErrorsHaveAnthropicsShape) {
  World world;
  const Reply missing = world.post("/v1/messages", R"({"messages":[]})");
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(missing.body, R"({"type":"error","error":{"type":"invalid_request_error",)"
                          R"("message":"max_tokens: Field required"}})");
  const Reply unknown =
      world.post("/v1/messages", R"({"model":"x","max_tokens":1,"messages":[{"role":"user","content":"a"}]})");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(json::parse(unknown.body)["error"]["type"], "not_found_error");
  const Reply method = world.get("/v1/messages");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.field("allow"), "POST");
  EXPECT_EQ(json::parse(method.body)["type"], "error");
}

TEST(MessagesApi, AFullQueueIsOverload) {
  ReplicaConfig config = World::config();
  config.engine.max_waiting = 0;
  World world(config);
  const std::size_t a = world.connect();
  const std::size_t b = world.connect();
  world.send(a, post_text("/v1/messages", kHelloMessages));
  world.send(b, post_text("/v1/messages", kHelloMessages));
  const Reply refused = world.replies(b)[0];
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(json::parse(refused.body)["error"]["type"], "overloaded_error");
}

}  // namespace
}  // namespace wp::replica
