#include "tools/replica/api_responses.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/replica/world.h"

namespace wp::replica {
namespace {

using nlohmann::json;

struct NamedEvent {
  std::string name;
  json data;
};

std::vector<NamedEvent> events_of(const std::string& body) {
  std::vector<NamedEvent> events;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = body.find("\n\n", at);
    const std::string event = body.substr(at, end - at);
    const std::size_t line = event.find('\n');
    EXPECT_TRUE(event.starts_with("event: ")) << event;
    EXPECT_TRUE(event.substr(line).starts_with("\ndata: ")) << event;
    events.push_back({event.substr(7, line - 7), json::parse(event.substr(line + 7))});
    at = end + 2;
  }
  return events;
}

TEST(ResponsesApi, WholeReply) {
  World world;
  const Reply reply = world.post("/v1/responses", R"({"input":"hi","max_output_tokens":2})");
  EXPECT_EQ(reply.status, 200);
  const json data = json::parse(reply.body);
  EXPECT_TRUE(data["id"].get<std::string>().starts_with("resp_"));
  EXPECT_EQ(data["object"], "response");
  EXPECT_EQ(data["created_at"], 1'700'000'100);
  EXPECT_EQ(data["status"], "incomplete");
  EXPECT_EQ(data["incomplete_details"]["reason"], "max_output_tokens");
  EXPECT_EQ(data["output"][0]["content"][0],
            json::parse(R"({"type":"output_text","text":"one ask.","annotations":[],"logprobs":[]})"));
  EXPECT_EQ(data["usage"], json::parse(R"({"input_tokens":5,"output_tokens":2,
      "output_tokens_details":{"reasoning_tokens":0},"total_tokens":7})"));
}

TEST(ResponsesApi, StreamEventsInOrder) {
  World world;
  const auto events = events_of(world.post("/v1/responses", R"({"input":"hi","stream":true})").body);
  ASSERT_GE(events.size(), 8U + 16);
  const std::size_t n = events.size();
  EXPECT_EQ(events[0].name, "response.created");
  EXPECT_EQ(events[1].name, "response.in_progress");
  EXPECT_EQ(events[2].name, "response.output_item.added");
  EXPECT_EQ(events[3].name, "response.content_part.added");
  std::string text;
  for (std::size_t i = 4; i < n - 4; ++i) {
    EXPECT_EQ(events[i].name, "response.output_text.delta");
    EXPECT_EQ(events[i].data["item_id"], events[2].data["item"]["id"]);
    text += events[i].data["delta"].get<std::string>();
  }
  EXPECT_EQ(events[n - 4].name, "response.output_text.done");
  EXPECT_EQ(events[n - 4].data["text"], text);
  EXPECT_EQ(events[n - 3].name, "response.content_part.done");
  EXPECT_EQ(events[n - 2].name, "response.output_item.done");
  EXPECT_EQ(events[n - 1].name, "response.completed");
  EXPECT_EQ(events[n - 1].data["response"]["output"][0]["content"][0]["text"], text);
  EXPECT_EQ(events[n - 1].data["response"]["usage"]["output_tokens"], n - 8);
  for (std::size_t i = 0; i < n; ++i) {
    EXPECT_EQ(events[i].data["sequence_number"], i);
    EXPECT_EQ(events[i].data["type"], events[i].name);
  }
}

TEST(ResponsesApi, DeltaEventsBytes) {
  World world;
  const Reply reply = world.post("/v1/responses", R"({"input":"hi","stream":true,"max_output_tokens":2})");
  const std::size_t at = reply.body.find("event: response.output_text.delta");
  const std::string id = reply.body.substr(reply.body.find("msg_"), 28);
  const std::string expected =
      "event: response.output_text.delta\n"
      R"(data: {"type":"response.output_text.delta","sequence_number":4,"item_id":")" +
      id +
      R"(","output_index":0,"content_index":0,"logprobs":[],"delta":"one "})"
      "\n\n";
  EXPECT_EQ(reply.body.substr(at, expected.size()), expected);
}

TEST(ResponsesApi, ANamedResponseIsContinued) {
  World world;
  const std::string question(400, 'q');
  const json first = json::parse(world.post("/v1/responses", json{{"input", question}}.dump()).body);
  const json next = {{"input", "go on"}, {"previous_response_id", first["id"]}};
  const Reply second = world.post("/v1/responses", next.dump());
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(json::parse(second.body)["previous_response_id"], first["id"]);
  const int prompt = std::stoi(second.field("x-replica-prompt-tokens"));
  EXPECT_GT(prompt, 100);
  EXPECT_GT(std::stoi(second.field("x-replica-cached-tokens")) * 100, prompt * 80);
}

TEST(ResponsesApi, AnUnknownOrUnstoredResponseIs404) {
  World world;
  const Reply unknown = world.post("/v1/responses", R"({"input":"x","previous_response_id":"resp_1"})");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, R"({"error":{"message":"Response with id 'resp_1' not found.","type":"NotFoundError",)"
                          R"("param":"previous_response_id","code":404}})");
  const json unstored = json::parse(world.post("/v1/responses", R"({"input":"x","store":false})").body);
  EXPECT_EQ(world.post("/v1/responses", json{{"input", "x"}, {"previous_response_id", unstored["id"]}}.dump()).status,
            404);
}

TEST(ResponsesApi, ReportsCachedTokensInItsOwnField) {
  ReplicaConfig config = World::config();
  config.cache_report = true;
  World world(config);
  static_cast<void>(world.post("/v1/responses", R"({"input":"hi","max_output_tokens":2})"));
  const json warm = json::parse(world.post("/v1/responses", R"({"input":"hi","max_output_tokens":2})").body);
  EXPECT_EQ(warm["usage"]["input_tokens_details"]["cached_tokens"], 4);
}

}  // namespace
}  // namespace wp::replica
