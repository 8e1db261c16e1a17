// What is the API's own in /v1/completions, /v1/embeddings, /v1/responses and /v1/messages.
#include <gtest/gtest.h>

#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

using testing::good;
using testing::refusal;

Features completion(std::string_view prompt) {
  return good(Api::completions, R"({"model":"m","prompt":)" + std::string(prompt) + "}");
}

TEST(Completions, PlaceABatchByItsFirstPrompt) {
  EXPECT_EQ(completion(R"("one")").first_chunk, completion(R"(["one"])").first_chunk);
  EXPECT_EQ(completion(R"("one")").first_chunk, completion(R"(["one","two"])").first_chunk);
  EXPECT_LT(completion(R"("one")").canonical_bytes, completion(R"(["one","two"])").canonical_bytes);
  EXPECT_NE(completion(R"("one")").first_chunk, completion(R"("two")").first_chunk);
}

TEST(Completions, GrowingPromptKeepsItsFullChunk) {
  const std::string text(2000, 'x');
  EXPECT_EQ(completion('"' + text + '"').first_chunk, completion('"' + text + "and more\"").first_chunk);
}

TEST(Completions, TakeTokens) {
  EXPECT_EQ(completion("[1,2,3]").first_chunk, completion("[[1,2,3]]").first_chunk);
  EXPECT_EQ(completion("[1,2,3]").first_chunk, completion("[[1,2,3],[4]]").first_chunk);
  EXPECT_NE(completion("[1,2,3]").first_chunk, completion("[1,2,4]").first_chunk);
  EXPECT_NE(completion("[1,2,3]").first_chunk, completion("[1,2,3,4]").first_chunk);
  EXPECT_NE(completion("[1]").first_chunk, completion(R"("1")").first_chunk);
  std::string many = "[0";
  for (int i = 1; i < 1000; ++i) many += "," + std::to_string(i);
  EXPECT_NEAR(completion(many + "]").estimated_tokens, 1000, 3);
}

TEST(Completions, RefuseWhatIsNoPrompt) {
  for (const char* prompt : {"1", "true", "{}", "[true]", "[1,\"a\"]", "[1,-1]", "[1,1.5]", "[1,2147483648]",
                             "[[1],[\"a\"]]", "[[[1]]]", "[\"a\",1]", "[18446744073709551615]"}) {
    EXPECT_EQ(refusal(Api::completions, R"({"prompt":)" + std::string(prompt) + "}"), Reason::bad_field) << prompt;
  }
  for (const char* prompt : {"null", "[]", "\"\"", "[\"\"]", "[[]]", "[2147483647]"}) {
    EXPECT_EQ(refusal(Api::completions, R"({"prompt":)" + std::string(prompt) + "}"), Reason::none) << prompt;
  }
}

TEST(Embeddings, TakeTextsTokensPartsAndConversations) {
  const auto input = [](std::string_view json) {
    return good(Api::embeddings, R"({"model":"m","input":)" + std::string(json) + "}");
  };
  EXPECT_EQ(input(R"("a")").first_chunk, input(R"(["a","b"])").first_chunk);
  EXPECT_EQ(input(R"("a")").first_chunk, good(Api::completions, R"({"model":"m","prompt":"a"})").first_chunk);
  EXPECT_EQ(input("[1,2]").first_chunk, input("[[1,2],[3]]").first_chunk);
  EXPECT_NE(input(R"([{"text":"a"}])").first_chunk, input(R"([{"text":"b"}])").first_chunk);
  const std::string messages = R"({"model":"m","messages":[{"role":"user","content":"a"}]})";
  EXPECT_EQ(good(Api::embeddings, messages).first_chunk, good(Api::chat_completions, messages).first_chunk);
}

Features response(std::string_view body) {
  return good(Api::responses, body);
}

TEST(Responses, StringIsTheUsersMessage) {
  const Features text = response(R"({"model":"m","instructions":"s","input":"hi"})");
  for (const char* same : {
           R"({"input":[{"role":"user","content":"hi"}],"instructions":"s","model":"m"})",
           R"({"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}],)"
           R"("instructions":"s","model":"m"})",
           R"({"input":[{"role":"system","content":"s"},{"role":"user","content":"hi"}],"model":"m"})",
       }) {
    EXPECT_EQ(response(same).first_chunk, text.first_chunk) << same;
    EXPECT_EQ(response(same).canonical_bytes, text.canonical_bytes) << same;
  }
  EXPECT_NE(response(R"({"model":"m","input":"hi"})").first_chunk, text.first_chunk);
}

TEST(Responses, LaterItemsKeepTheFirstChunk) {
  const Features one = response(R"({"input":[{"role":"user","content":"hi"}]})");
  const Features more =
      response(R"({"input":[{"role":"user","content":"hi"},{"type":"reasoning","id":"r","summary":[]},)"
               R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}"},)"
               R"({"type":"function_call_output","call_id":"c","output":"42"}]})");
  EXPECT_EQ(one.first_chunk, more.first_chunk);
  EXPECT_LT(one.canonical_bytes, more.canonical_bytes);
}

TEST(Responses, ItemsBeforeTheUserMatter) {
  const auto with = [](std::string_view item) {
    return response(R"({"input":[)" + std::string(item) + R"(,{"role":"user","content":"hi"}]})").first_chunk;
  };
  EXPECT_NE(with(R"({"type":"item_reference","id":"1"})"), with(R"({"type":"item_reference","id":"2"})"));
  EXPECT_EQ(with(R"({"type":"item_reference","id":"1"})"), with(R"({"id":"1","type":"item_reference"})"));
  EXPECT_EQ(refusal(Api::responses, R"({"input":["hi"]})"), Reason::bad_field);
}

Features message(std::string_view body) {
  return good(Api::messages, body);
}

TEST(Messages, SystemIsAStringOrBlocks) {
  const std::string end = R"("messages":[{"role":"user","content":"hi"}]})";
  const Features text = message(R"({"system":"s",)" + end);
  EXPECT_EQ(text.first_chunk, message(R"({"system":[{"type":"text","text":"s"}],)" + end).first_chunk);
  EXPECT_EQ(
      text.first_chunk,
      message(R"({"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],)" + end).first_chunk);
  EXPECT_NE(text.first_chunk, message("{" + end).first_chunk);
  EXPECT_NE(text.first_chunk, message(R"({"system":[{"type":"text","text":"t"}],)" + end).first_chunk);
}

TEST(Messages, ReadTheSameAsChat) {
  const char* anthropic = R"({"model":"m","system":"s","messages":[{"role":"user","content":"hi"}]})";
  const char* openai = R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}]})";
  EXPECT_EQ(message(anthropic).first_chunk, good(Api::chat_completions, openai).first_chunk);
}

// The marks of prompt caching move to the newest turn with every request.
TEST(Messages, CacheControlIsNoPartOfThePrompt) {
  const Features bare =
      message(R"({"tools":[{"name":"t","input_schema":{}}],"messages":[)"
              R"({"role":"user","content":[{"type":"image","source":{"data":"A"}}]},)"
              R"({"role":"assistant","content":[{"type":"tool_use","id":"1","name":"t","input":{}}]},)"
              R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"x"}]}]})");
  const Features marked = message(
      R"({"tools":[{"name":"t","input_schema":{},"cache_control":{"type":"ephemeral"}}],)"
      R"("messages":[{"role":"user","content":[{"type":"image","source":{"data":"A"},)"
      R"("cache_control":{"type":"ephemeral"}}]},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"1","name":"t","input":{},"cache_control":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"1","cache_control":{},)"
      R"("content":[{"type":"text","text":"x","cache_control":{}}]}]}]})");
  EXPECT_EQ(bare.first_chunk, marked.first_chunk);
  EXPECT_EQ(bare.canonical_bytes, marked.canonical_bytes);
}

TEST(Messages, ResultsCountByIdAndContent) {
  const auto result = [](std::string_view members) {
    return message(R"({"messages":[{"role":"user","content":[{"type":"tool_result",)" + std::string(members) + "}]}]}")
        .first_chunk;
  };
  EXPECT_NE(result(R"("tool_use_id":"1","content":"x")"), result(R"("tool_use_id":"2","content":"x")"));
  EXPECT_NE(result(R"("tool_use_id":"1","content":"x")"), result(R"("tool_use_id":"1","content":"y")"));
  EXPECT_NE(result(R"("tool_use_id":"1")"), result(R"("tool_use_id":"1","content":"")"));
}

}  // namespace
}  // namespace wp::prompt
