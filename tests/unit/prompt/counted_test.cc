// Bodies whose prompt's keys nobody needs: they are judged and measured as all others, and have no keys.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

using testing::kKey;
using testing::Padded;

struct Body {
  Api api;
  std::string text;
};

// Every kind of piece, texts that are copied, referred to and unescaped, and media.
std::vector<Body> bodies() {
  const std::string picture = "data:image\\/png;base64,iVBORw0KGgo" + std::string(4000, 'A');
  const std::string lengthy = R"(caf\u00e9 \"warm\" )" + std::string(700, 'x') + R"(\n)";
  const std::string prose = std::string(600, 'x') + R"(\n)" + std::string(600, 'y') + "\xC3\xA9";
  const std::string tools = R"("tools":[{"type":"function","cache_control":{"a":1},"function":{"z":[1,2.5,1e300],"a":)"
                            R"({"y":null,"b":true,"c":false,"n":18446744073709551615}}}])";
  return {
      {Api::chat_completions,
       R"({"model":"m","stream":true,"max_tokens":9,"cache_salt":"s","lora":{"b":1,"a":"2"},)" + tools +
           R"(,"messages":[{"role":"system","content":")" + lengthy +
           R"("},{"role":"user","name":"n","content":[{"type":"text","text":"look"},{"type":"image_url",)" +
           R"("image_url":{"url":")" + picture +
           R"("}}]},{"role":"assistant","reasoning":"r","content":null,"tool_calls":[{"id":"1"}]},)" +
           R"({"role":"tool","tool_call_id":"1","content":"done"}]})"},
      {Api::messages, R"({"model":"m","system":"be brief","messages":[{"role":"user","content":[{"type":"tool_result",)"
                      R"("tool_use_id":"t","content":"out"}]}],"metadata":{"user_id":"u"}})"},
      {Api::responses, R"({"model":"m","instructions":"i","input":[{"role":"user","content":"a"},{"type":"reasoning",)"
                       R"("summary":[]},{"type":"message","role":"user","content":"b"}]})"},
      // What messages elsewhere say is looked into.
      {Api::responses, R"({"input":[{"role":"user","content":")" + picture + R"("},{"role":"user","type":"x",)" +
                           R"("content":")" + picture + R"("}]})"},
      {Api::chat_completions, R"({"messages":[{"content":")" + lengthy +
                                  R"(","role":"user"},{"role":"user","content":)" + R"([{"type":"text","text":")" +
                                  lengthy + R"("}]},{"role":"user","content":")" + prose + R"(","name":")" + lengthy +
                                  R"("}],"user":")" + lengthy + R"("})"},
      {Api::completions, R"({"prompt":[[1,2,3],[4]],"stream":true,"stream_options":{}})"},
      {Api::completions, R"({"prompt":["one",")" + lengthy + R"("]})"},
      {Api::embeddings, R"({"input":["one","two"]})"},
      {Api::chat_completions, "{}"},
  };
}

Result<Features> read(Extractor& extractor, const Body& body, const Padded& text, Keys keys, std::string_view session) {
  return extractor.extract(body.api, text.data(), text.size(), {.session = session}, keys);
}

TEST(Counted, ABodyWithASessionHasAllButItsKeys) {
  Extractor with({.key = kKey});
  Extractor without({.key = kKey});
  for (const Body& body : bodies()) {
    const Padded text(body.text);
    const auto whole = read(with, body, text, Keys::always, "s");
    const auto counted = read(without, body, text, Keys::unnamed, "s");
    ASSERT_TRUE(whole && counted) << body.text;
    EXPECT_EQ(counted->canonical_bytes, whole->canonical_bytes) << body.text;
    EXPECT_EQ(counted->estimated_tokens, whole->estimated_tokens);
    EXPECT_EQ(counted->session, whole->session);
    EXPECT_EQ(counted->session_source, SessionSource::header);
    EXPECT_EQ(counted->model, whole->model);
    EXPECT_EQ(counted->model_value.offset, whole->model_value.offset);
    EXPECT_EQ(counted->model_value.length, whole->model_value.length);
    EXPECT_EQ(counted->stream, whole->stream);
    EXPECT_EQ(counted->max_output_tokens, whole->max_output_tokens);
    EXPECT_EQ(counted->ask_usage.text, whole->ask_usage.text);
    EXPECT_EQ(counted->ask_usage.place.offset, whole->ask_usage.place.offset);
    EXPECT_TRUE(counted->ladder.empty() && counted->ends.empty());
    EXPECT_EQ(counted->first_chunk, 0U);
    EXPECT_EQ(counted->derived_session, 0U);
    EXPECT_NE(whole->first_chunk, 0U);
  }
}

TEST(Counted, ABodyThatNamesItsSessionHasNoKeysEither) {
  Extractor extractor({.key = kKey});
  const Body body{Api::messages, R"({"messages":[{"role":"user","content":"a"}],"metadata":{"user_id":"u"}})"};
  const Padded text(body.text);
  const auto counted = read(extractor, body, text, Keys::unnamed, "");
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->session_source, SessionSource::body);
  EXPECT_TRUE(counted->ladder.empty());
  EXPECT_EQ(counted->derived_session, 0U);
}

TEST(Counted, ABodyWithoutASessionKeepsItsKeys) {
  Extractor with({.key = kKey});
  Extractor asked({.key = kKey});
  Body body = bodies().front();
  const Padded text(body.text);
  // A counted body before it must leave nothing behind.
  ASSERT_TRUE(read(asked, body, text, Keys::unnamed, "s"));
  const auto whole = read(with, body, text, Keys::always, "");
  const auto unnamed = read(asked, body, text, Keys::unnamed, "");
  ASSERT_TRUE(whole && unnamed);
  EXPECT_EQ(unnamed->first_chunk, whole->first_chunk);
  EXPECT_EQ(unnamed->derived_session, whole->derived_session);
  ASSERT_EQ(unnamed->ladder.size(), whole->ladder.size());
  for (std::size_t i = 0; i < whole->ladder.size(); ++i) EXPECT_EQ(unnamed->ladder[i], whole->ladder[i]);
  ASSERT_EQ(unnamed->ends.size(), whole->ends.size());
}

TEST(Counted, StepsOfAnySizeComeToTheSame) {
  Extractor extractor({.key = kKey});
  for (const Body& body : bodies()) {
    const Padded text(body.text);
    const auto whole = read(extractor, body, text, Keys::always, "s");
    ASSERT_TRUE(whole);
    for (const std::int64_t units : {1, 100, 5000}) {
      ASSERT_TRUE(extractor.start(body.api, text.data(), text.size(), {.session = "s"}, Keys::unnamed));
      auto done = extractor.step(units);
      while (done && !*done) done = extractor.step(units);
      ASSERT_TRUE(done);
      EXPECT_EQ(extractor.features().canonical_bytes, whole->canonical_bytes);
    }
  }
}

// Whether a body is refused depends neither on a header nor on the strategy.
TEST(Counted, WhatIsRefusedIsRefusedAlike) {
  Extractor with({.key = kKey});
  Extractor without({.key = kKey});
  for (const char* text :
       {R"({"model":7})", R"({"model":"a","model":"b"})", R"({"cache_salt":[]})", R"({"tools":{}})", R"({"tools":[1]})",
        R"({"stream":"yes"})", R"({"user":{}})", R"({"messages":{}})", R"({"messages":["a"]})",
        R"({"messages":[{"role":7}]})", R"({"messages":[{"role":"user","role":"system"}]})",
        R"({"messages":[{"content":7}]})", R"({"messages":[{"content":[{"type":"text","text":1}]}]})",
        R"({"messages":[{"content":[{"type":"tool_result","tool_use_id":2}]}]})", R"({"messages":[{"content":"\x"}]})",
        R"({"messages":[}]})", ""}) {
    const Body body{Api::chat_completions, text};
    const Padded padded(text);
    const auto whole = read(with, body, padded, Keys::always, "s");
    const auto counted = read(without, body, padded, Keys::unnamed, "s");
    ASSERT_FALSE(whole) << text;
    ASSERT_FALSE(counted) << text;
    EXPECT_EQ(counted.error().reason, whole.error().reason) << text;
    EXPECT_EQ(counted.error().position, whole.error().position) << text;
  }
}

}  // namespace
}  // namespace wp::prompt
