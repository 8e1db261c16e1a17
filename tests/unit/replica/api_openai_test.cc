#include "tools/replica/api_openai.h"

#include <bit>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/replica/world.h"

namespace wp::replica {
namespace {

using nlohmann::json;

constexpr const char* kHello =
    R"({"model":"tiny","messages":[{"role":"user","content":"Say hello to the whole world"}],"max_tokens":3})";

TEST(ChatApi, WholeReply) {
  World world;
  const Reply reply = world.post("/v1/chat/completions", kHello);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("content-type"), "application/json");
  EXPECT_EQ(reply.body,
            with_id(R"({"id":"chatcmpl-ID","object":"chat.completion","created":1700000100,"model":"tiny",)"
                    R"("system_fingerprint":"fp_warmpath_replica","choices":[{"index":0,"message":{"role":"assistant",)"
                    R"("content":"off passage.","refusal":null},"logprobs":null,"finish_reason":"length"}],)"
                    R"("usage":{"prompt_tokens":11,"completion_tokens":3,"total_tokens":14}})",
                    reply.body, "chatcmpl-"));
}

TEST(ChatApi, StreamWithUsage) {
  World world;
  const Reply reply = world.post(
      "/v1/chat/completions", R"({"messages":[{"role":"user","content":"hi"}],"max_completion_tokens":2,"stream":true,)"
                              R"("stream_options":{"include_usage":true}})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("content-type"), "text/event-stream; charset=utf-8");
  const std::string start = R"(data: {"id":"chatcmpl-ID","object":"chat.completion.chunk","created":1700000100,)"
                            R"("model":"tiny","system_fingerprint":"fp_warmpath_replica","choices":[)";
  const std::string end = R"(]})"
                          "\n\n";
  EXPECT_EQ(
      reply.body,
      with_id(start + R"({"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null})" +
                  end + start + R"({"index":0,"delta":{"content":"one "},"logprobs":null,"finish_reason":null})" + end +
                  start + R"({"index":0,"delta":{"content":"ask."},"logprobs":null,"finish_reason":null})" + end +
                  start + R"({"index":0,"delta":{},"logprobs":null,"finish_reason":"length"})" + end + start +
                  R"(],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})" + "\n\ndata: [DONE]\n\n",
              reply.body, "chatcmpl-"));
}

TEST(ChatApi, StreamWithoutUsageDoesNotNameIt) {
  World world;
  const Reply reply = world.post("/v1/chat/completions",
                                 R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":1,"stream":true})");
  EXPECT_EQ(reply.body.find("usage"), std::string::npos);
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
}

TEST(ChatApi, StreamedAndWholeTextAreEqual) {
  World world;
  const json whole = json::parse(
      world.post("/v1/chat/completions", R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":40})").body);
  const Reply stream = world.post("/v1/chat/completions",
                                  R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":40,"stream":true})");
  std::string text;
  std::size_t tokens = 0;
  for (std::size_t at = 0; (at = stream.body.find("data: {", at)) != std::string::npos; at += 6) {
    const json event = json::parse(stream.body.substr(at + 6, stream.body.find("\n\n", at) - at - 6));
    const std::string piece = event["choices"][0]["delta"].value("content", "");
    text += piece;
    tokens += piece.empty() ? 0 : 1;
  }
  EXPECT_EQ(text, whole["choices"][0]["message"]["content"].get<std::string>());
  EXPECT_EQ(tokens, 40U);
}

TEST(ChatApi, CachedTokensAreReportedOnlyWhenAskedFor) {
  World silent;
  EXPECT_EQ(silent.post("/v1/chat/completions", kHello).field("x-replica-cached-tokens"), "0");
  const Reply unsaid = silent.post("/v1/chat/completions", kHello);
  EXPECT_EQ(unsaid.field("x-replica-cached-tokens"), "8");
  EXPECT_EQ(unsaid.field("x-replica-prompt-tokens"), "11");
  EXPECT_FALSE(json::parse(unsaid.body)["usage"].contains("prompt_tokens_details"));

  ReplicaConfig config = World::config();
  config.cache_report = true;
  World telling(config);
  const json cold = json::parse(telling.post("/v1/chat/completions", kHello).body);
  EXPECT_FALSE(cold["usage"].contains("prompt_tokens_details")) << "left out when zero, as vLLM does";
  const json warm = json::parse(telling.post("/v1/chat/completions", kHello).body);
  EXPECT_EQ(warm["usage"]["prompt_tokens_details"]["cached_tokens"], 8);
}

TEST(ChatApi, NextTurnFindsTheLastOne) {
  World world;
  json body = {{"messages", json::array({{{"role", "user"}, {"content", std::string(400, 'q')}}})}, {"max_tokens", 50}};
  const json first = json::parse(world.post("/v1/chat/completions", body.dump()).body);
  body["messages"].push_back(first["choices"][0]["message"]);
  body["messages"].push_back({{"role", "user"}, {"content", "go on"}});
  const Reply second = world.post("/v1/chat/completions", body.dump());
  const int prompt = std::stoi(second.field("x-replica-prompt-tokens"));
  const int cached = std::stoi(second.field("x-replica-cached-tokens"));
  // All but the last reply token, whose KV entries nobody computed, the marks and the new question.
  EXPECT_GE(cached, 104 + 50 - 1 - 3);
  EXPECT_GT(cached * 100, prompt * 80);
}

TEST(ChatApi, DefaultLengthIsDrawnByThePrompt) {
  World world;
  const char* body = R"({"messages":[{"role":"user","content":"hi"}]})";
  const json one = json::parse(world.post("/v1/chat/completions", body).body);
  const json two = json::parse(world.post("/v1/chat/completions", body).body);
  EXPECT_GE(one["usage"]["completion_tokens"], 16);
  EXPECT_LE(one["usage"]["completion_tokens"], 64);
  EXPECT_EQ(one["choices"], two["choices"]);
  EXPECT_EQ(one["choices"][0]["finish_reason"], "stop");
  EXPECT_NE(one["id"], two["id"]);
}

TEST(ChatApi, FinishReasonCanBeForced) {
  ReplicaConfig config = World::config();
  config.finish = Finish::stop;
  World world(config);
  EXPECT_EQ(json::parse(world.post("/v1/chat/completions", kHello).body)["choices"][0]["finish_reason"], "stop");
}

TEST(ChatApi, AdaptersShareNoCache) {
  World world;
  std::string body = kHello;
  static_cast<void>(world.post("/v1/chat/completions", body));
  body.replace(body.find("tiny"), 4, "tiny-lora");
  EXPECT_EQ(world.post("/v1/chat/completions", body).field("x-replica-cached-tokens"), "0");
}

TEST(ChatApi, RefusalsHaveOpenAisShape) {
  World world;
  const Reply unknown =
      world.post("/v1/chat/completions", R"({"model":"big","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, R"({"error":{"message":"The model `big` does not exist.","type":"NotFoundError",)"
                          R"("param":"model","code":404}})");
  const Reply broken = world.post("/v1/chat/completions", R"({"messages":[)");
  EXPECT_EQ(broken.status, 400);
  EXPECT_EQ(broken.body, R"({"error":{"message":"The body is not valid JSON.","type":"BadRequestError",)"
                         R"("param":null,"code":400}})");
  EXPECT_EQ(world.post("/v1/chat/completions", "[]").status, 400);
  EXPECT_EQ(world.post("/v1/chat/completions", "").status, 400);
  EXPECT_EQ(world.post("/v1/chat/completions", std::string(100'000, '[')).status, 400);
  EXPECT_EQ(world.post("/v1/chat/completions", "{\"messages\":\"\xff\"}").status, 400);
}

TEST(ChatApi, TooLongIsRefusedWithoutMakingTheReply) {
  World world;
  const Reply reply =
      world.post("/v1/chat/completions", R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":2000000000})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("maximum context length is 4000 tokens"), std::string::npos) << reply.body;
}

TEST(ChatApi, FullQueueIs503) {
  ReplicaConfig config = World::config();
  config.engine.max_waiting = 1;
  World world(config);
  std::vector<std::size_t> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(world.connect());
    world.send(clients.back(), post_text("/v1/chat/completions", kHello));
  }
  EXPECT_EQ(world.replies(clients[2])[0].status, 503);
  EXPECT_EQ(world.replies(clients[0])[0].status, 200);
  EXPECT_EQ(world.replies(clients[1])[0].status, 200);
}

TEST(CompletionApi, WholeAndStream) {
  World world;
  const Reply whole = world.post("/v1/completions", R"({"prompt":["Once upon"],"max_tokens":2})");
  EXPECT_EQ(whole.body, with_id(R"({"id":"cmpl-ID","object":"text_completion","created":1700000100,"model":"tiny",)"
                                R"("system_fingerprint":"fp_warmpath_replica","choices":[{"index":0,"text":"dolphin.",)"
                                R"("logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":4,)"
                                R"("completion_tokens":2,"total_tokens":6}})",
                                whole.body, "cmpl-"));
  const Reply stream = world.post("/v1/completions", R"({"prompt":"Once upon","max_tokens":2,"stream":true})");
  const std::string start = R"(data: {"id":"cmpl-ID","object":"text_completion","created":1700000100,"model":"tiny",)"
                            R"("system_fingerprint":"fp_warmpath_replica","choices":[{"index":0,"text":")";
  const std::string end = R"(","logprobs":null,"finish_reason":null}],"usage":null})"
                          "\n\n";
  EXPECT_EQ(stream.body,
            with_id(start + "dolp" + end + start + "hin." + end + start +
                        R"(","logprobs":null,"finish_reason":"length"}],"usage":null})" + "\n\ndata: [DONE]\n\n",
                    stream.body, "cmpl-"));
}

TEST(CompletionApi, TakesTokenIdsAndRefusesSeveralPrompts) {
  World world;
  EXPECT_EQ(world.post("/v1/completions", R"({"prompt":[1,2,3],"max_tokens":1})").field("x-replica-prompt-tokens"),
            "4");
  EXPECT_EQ(world.post("/v1/completions", R"({"prompt":["a","b"],"max_tokens":1})").status, 400);
  EXPECT_EQ(world.post("/v1/completions", R"({"max_tokens":1})").status, 400);
}

TEST(EmbeddingsApi, NumbersAndBase64AreTheSameVector) {
  World world;
  const json numbers = json::parse(world.post("/v1/embeddings", R"({"input":["a","b"],"dimensions":2})").body);
  ASSERT_EQ(numbers["data"].size(), 2U);
  EXPECT_EQ(numbers["data"][1]["index"], 1);
  EXPECT_EQ(numbers["usage"], json::parse(R"({"prompt_tokens":4,"total_tokens":4})"));
  // -0.9150774 and -0.4032783 as little-endian floats: 83 42 6a bf 7f 7a ce be.
  const json coded =
      json::parse(world.post("/v1/embeddings", R"({"input":"a","dimensions":2,"encoding_format":"base64"})").body);
  EXPECT_EQ(coded["data"][0]["embedding"], "g0Jqv396zr4=");
  EXPECT_FLOAT_EQ(numbers["data"][0]["embedding"][0].get<float>(), std::bit_cast<float>(0xbf6a4283U));
  EXPECT_FLOAT_EQ(numbers["data"][0]["embedding"][1].get<float>(), std::bit_cast<float>(0xbece7a7fU));
  EXPECT_NE(numbers["data"][0]["embedding"], numbers["data"][1]["embedding"]);
}

TEST(EmbeddingsApi, RefusesWhatItCannotRead) {
  World world;
  for (const char* body : {R"({"input":[]})", R"({"input":5})", R"({})", R"({"input":"a","dimensions":0})",
                           R"({"input":"a","dimensions":9999})", R"({"input":"a","encoding_format":"hex"})"}) {
    EXPECT_EQ(world.post("/v1/embeddings", body).status, 400) << body;
  }
}

}  // namespace
}  // namespace wp::replica
