// Single fields of a body: the model and its place, stream, limits, wrong types, repeated keys.
#include <algorithm>

#include <gtest/gtest.h>

#include "dataplane/prompt/body_fields.h"
#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

using testing::chat;
using testing::Reading;
using testing::refusal;

TEST(ModelField, IsUnescapedAndItsPlaceIsExact) {
  struct Case {
    std::string_view body;
    std::string_view spelled;
    std::string_view model;
  };
  for (const Case& c : {
           Case{R"({"model":"m"})", R"("m")", "m"},
           Case{R"( { "messages" : [ { "model":"no", "content":"\"model\":\"no\"" } ] , "model" :   "yes"  , "x":1 })",
                R"("yes")", "yes"},
           Case{R"({"a":{"model":"no"},"b":"\\\"model\":","model":"a\"b\\"})", R"("a\"b\\")", R"(a"b\)"},
           Case{R"({"mod\u0065l":"\u0061\/b"})", R"("\u0061\/b")", "a/b"},
           Case{R"({"model":""})", R"("")", ""},
           Case{R"({"n":1e999,"model":"wide"})", R"("wide")", "wide"},
           Case{"{\"x\":[[],{},\"}\"],\"model\":\"\xE2\x82\xAC\"\n}", "\"\xE2\x82\xAC\"", "\xE2\x82\xAC"},
       }) {
    Reading reading;
    const auto features = reading.read(Api::chat_completions, c.body);
    ASSERT_TRUE(features) << c.body;
    EXPECT_EQ(features->model, c.model);
    EXPECT_EQ(c.body.substr(features->model_value.offset, features->model_value.length), c.spelled);
  }
}

TEST(ModelField, AbsentOrNullHasNoPlace) {
  for (const char* body : {"{}", R"({"model":null})", R"({"Model":"m"})"}) {
    const Features features = chat(body);
    EXPECT_EQ(features.model_value.length, 0U) << body;
    EXPECT_TRUE(features.model.empty());
  }
}

TEST(StreamField, NullAndAbsentAreFalse) {
  EXPECT_TRUE(chat(R"({"stream":true})").stream);
  for (const char* body : {"{}", R"({"stream":null})", R"({"stream":false})"}) EXPECT_FALSE(chat(body).stream) << body;
}

TEST(OutputLimit, IsReadUnderItsThreeNames) {
  EXPECT_EQ(chat(R"({"max_tokens":7})").max_output_tokens, 7U);
  EXPECT_EQ(chat(R"({"max_output_tokens":8})").max_output_tokens, 8U);
  EXPECT_EQ(chat(R"({"max_completion_tokens":9})").max_output_tokens, 9U);
  EXPECT_EQ(chat(R"({"max_completion_tokens":9,"max_tokens":7})").max_output_tokens, 9U);
  EXPECT_EQ(chat(R"({"max_completion_tokens":null,"max_tokens":7})").max_output_tokens, 7U);
  EXPECT_EQ(chat(R"({"max_tokens":7.0})").max_output_tokens, 7U);
  EXPECT_EQ(chat(R"({"max_tokens":-1})").max_output_tokens, 0U) << "the replica's to refuse";
  EXPECT_EQ(chat(R"({"max_tokens":99999999999})").max_output_tokens, 4294967295U);
  EXPECT_EQ(chat(R"({"max_tokens":1e300})").max_output_tokens, 4294967295U);
  EXPECT_EQ(chat(R"({"max_tokens":-1e300})").max_output_tokens, 0U);
  EXPECT_EQ(chat(R"({"max_tokens":123456789012345678901234567890})").max_output_tokens, 4294967295U);
}

TEST(WrongTypes, AreRefused) {
  for (const char* body : {
           R"({"model":1})",
           R"({"model":["m"]})",
           R"({"messages":{}})",
           R"({"messages":"hi"})",
           R"({"messages":[1]})",
           R"({"messages":["hi"]})",
           R"({"messages":[null]})",
           R"({"stream":"true"})",
           R"({"stream":1})",
           R"({"max_tokens":"5"})",
           R"({"max_tokens":true})",
           R"({"tools":{}})",
           R"({"tools":["t"]})",
           R"({"functions":1})",
           R"({"cache_salt":1})",
           R"({"messages":[{"role":1}]})",
           R"({"messages":[{"role":"user","content":1}]})",
           R"({"messages":[{"role":"user","content":{}}]})",
           R"({"messages":[{"role":"user","content":[1]}]})",
           R"({"messages":[{"role":"user","content":[[]]}]})",
           R"({"messages":[{"role":"user","content":[{"type":1}]}]})",
           R"({"messages":[{"role":"user","content":[{"type":"text","text":1}]}]})",
           R"({"messages":[{"role":"user","name":1}]})",
           R"({"messages":[{"role":"tool","tool_call_id":1}]})",
           R"({"user":[]})",
           R"({"session_id":1.5})",
           R"({"prompt_cache_key":{}})",
           R"({"conversation":[]})",
           R"({"conversation":{"id":true}})",
       }) {
    EXPECT_EQ(refusal(Api::chat_completions, body), Reason::bad_field) << body;
  }
  EXPECT_EQ(refusal(Api::messages, R"({"metadata":"x"})"), Reason::bad_field);
  EXPECT_EQ(refusal(Api::messages, R"({"metadata":{"user_id":[]}})"), Reason::bad_field);
  EXPECT_EQ(refusal(Api::messages, R"({"system":1})"), Reason::bad_field);
  EXPECT_EQ(refusal(Api::responses, R"({"instructions":1})"), Reason::bad_field);
  EXPECT_EQ(refusal(Api::responses, R"({"input":1})"), Reason::bad_field);
  EXPECT_EQ(refusal(Api::responses, R"({"input":[{"type":1}]})"), Reason::bad_field);
}

TEST(WrongTypes, OfWhatNobodyReadsArePassed) {
  for (const char* body : {"{}", R"({"messages":null})", R"({"messages":[]})", R"({"messages":[{}]})",
                           R"({"messages":[{"role":null,"content":null}]})", R"({"temperature":"hot"})",
                           R"({"prompt":1,"input":2,"metadata":3})", R"({"messages":[{"role":"user","x":1}]})"}) {
    EXPECT_EQ(refusal(Api::chat_completions, body), Reason::none) << body;
  }
}

TEST(RepeatedKeys, AreRefusedAtTheTop) {
  for (const std::string_view name : kFieldNames) {
    const std::string key = '"' + std::string(name) + "\":null";
    EXPECT_EQ(refusal(Api::chat_completions, "{" + key + ",\"x\":1," + key + "}"), Reason::repeated_key) << name;
  }
  EXPECT_EQ(refusal(Api::chat_completions, R"({"model":"a","mod\u0065l":"a"})"), Reason::repeated_key);
  EXPECT_EQ(refusal(Api::chat_completions, R"({"temperature":1,"temperature":2})"), Reason::none);
}

TEST(RepeatedKeys, AreRefusedInsideMessagesPartsAndSessions) {
  for (const char* body :
       {R"({"messages":[{"role":"user","role":"system"}]})",
        R"({"messages":[{"content":"a","role":"user","content":"b"}]})",
        R"({"messages":[{"tool_calls":[],"tool_calls":[]}]})",
        R"({"messages":[{"content":[{"type":"text","text":"a","text":"b"}]}]})",
        R"({"messages":[{"content":[{"type":"text","type":"image"}]}]})", R"({"conversation":{"id":"a","id":"b"}})"}) {
    EXPECT_EQ(refusal(Api::chat_completions, body), Reason::repeated_key) << body;
  }
  EXPECT_EQ(refusal(Api::messages, R"({"metadata":{"user_id":"a","user_id":"b"}})"), Reason::repeated_key);
  EXPECT_EQ(refusal(Api::responses, R"({"input":[{"role":"user","role":"user"}]})"), Reason::repeated_key);
}

TEST(Refusals, SayWhereTheMemberStands) {
  Reading reading;
  const auto position = [&](std::string_view body) {
    const auto features = reading.read(Api::chat_completions, body);
    return features ? 0 : features.error().position;
  };
  EXPECT_EQ(position(R"({"model":"a", "model":"b"})"), 14U);
  EXPECT_EQ(position(R"({"a":1,"stream":0})"), 16U);
  EXPECT_EQ(position(R"({"model":"m","messages":[{"role":1}]})"), 24U);
}

TEST(Extractor, RefusesBodiesAndGoesOn) {
  Reading reading({.max_body = 64, .max_depth = 3, .key = testing::kKey});
  EXPECT_EQ(reading.read(Api::chat_completions, "{").error().reason, Reason::bad_json);
  EXPECT_EQ(reading.read(Api::chat_completions, R"({"a":[[[1]]]})").error().reason, Reason::nested_too_deep);
  EXPECT_EQ(reading.read(Api::chat_completions, "{" + std::string(64, ' ') + "}").error().reason,
            Reason::body_too_large);
  EXPECT_TRUE(reading.read(Api::chat_completions, R"({"model":"m"})"));
}

// All that a body can be made of, in one.
std::string everything() {
  std::string body =
      R"({"user":"u","tools":[{"b":1,"a":{"d":[1,[2]],"c":"\u00e9"},"cache_control":{}}],"model":"m","messages":[)"
      R"({"role":"system","content":[{"type":"text","text":"s"}]})";
  for (int i = 0; i < 12; ++i) {
    body += R"(,{"content":[{"text":")" + std::string(static_cast<std::size_t>(i) * 90, 'x') +
            R"(\n"},{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
            std::string(static_cast<std::size_t>(i) * 400, 'A') +
            R"("}}],"role":"user"},)"
            R"({"role":"assistant","tool_calls":[{"id":"1","f":[null,true]}],"reasoning":"r"},)"
            R"({"role":"tool","tool_call_id":"1","content":"caf\u00e9 )"
            "\xC3\xA9"
            R"("})";
  }
  return body + "]}";
}

TEST(Extractor, ReadsTheSameInSteps) {
  const testing::Padded body(everything());
  Extractor whole({.key = testing::kKey});
  const auto expected = whole.extract(Api::messages, body.data(), body.size(), {});
  ASSERT_TRUE(expected);
  Extractor extractor({.key = testing::kKey});
  int last = 100'000;
  for (const std::int64_t units : {1, 500, 20'000, 1'000'000}) {
    ASSERT_TRUE(extractor.start(Api::messages, body.data(), body.size(), {}));
    int steps = 1;
    for (auto read = extractor.step(units); !read.value(); read = extractor.step(units)) ++steps;
    const Features& features = extractor.features();
    EXPECT_TRUE(std::ranges::equal(features.ladder, expected->ladder)) << units;
    EXPECT_TRUE(std::ranges::equal(features.ends, expected->ends)) << units;
    EXPECT_EQ(features.derived_session, expected->derived_session);
    EXPECT_EQ(features.session, expected->session);
    EXPECT_EQ(features.model, "m");
    EXPECT_LT(steps, last);
    last = steps;
  }
  EXPECT_EQ(last, 1);
}

// A body that is given up in the middle leaves nothing behind.
TEST(Extractor, ForgetsWhatIsNotReadToItsEnd) {
  const testing::Padded body(everything());
  Extractor extractor({.key = testing::kKey});
  for (const std::int64_t units : {1, 30'000, 60'000, 90'000}) {
    ASSERT_TRUE(extractor.start(Api::messages, body.data(), body.size(), {}));
    ASSERT_TRUE(extractor.step(units));
    const testing::Padded other(R"({"model":"n","messages":[{"role":"user","content":"q"}]})");
    const auto features = extractor.extract(Api::chat_completions, other.data(), other.size(), {});
    ASSERT_TRUE(features);
    EXPECT_EQ(features->derived_session,
              testing::chat(R"({"model":"n","messages":[{"role":"user","content":"q"}]})").derived_session);
  }
}

TEST(Extractor, LooksForMembersInBoundedObjectsOnly) {
  std::string members;
  for (std::uint32_t i = 0; i < kMostMembers; ++i) members += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_EQ(refusal(Api::chat_completions, "{" + members + "\"model\":\"m\"}"), Reason::bad_field);
  EXPECT_EQ(refusal(Api::chat_completions, R"({"messages":[{)" + members + R"("role":"user"}]})"), Reason::bad_field);
  EXPECT_EQ(refusal(Api::chat_completions, R"({"logit_bias":{)" + members + R"("x":1},"model":"m"})"), Reason::none);
  members.resize(members.size() - 1);
  EXPECT_EQ(refusal(Api::chat_completions, "{" + members + "}"), Reason::none);
}

TEST(Extractor, ReadsWhatNoApiClaims) {
  const Features features = testing::good(Api::none, R"({"model":"m","user":"u","messages":7})");
  EXPECT_EQ(features.api, Api::none);
  EXPECT_NE(features.session, 0U);
  EXPECT_NE(features.first_chunk, 0U);
}

}  // namespace
}  // namespace wp::prompt
