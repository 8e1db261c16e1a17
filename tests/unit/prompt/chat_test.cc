// Conversations of /v1/chat/completions, and what holds for every API: invariance and the first chunk.
#include <gtest/gtest.h>

#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

using testing::chat;

constexpr std::string_view kPlain =
    R"({"model":"m","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","maximum":1}}}],)"
    R"("messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hé \"you\""}],"stream":true})";

TEST(Chat, KeyOrderWhiteSpaceAndEscapesDoNotMatter) {
  const Features plain = chat(kPlain);
  const Features shuffled = chat(
      "{ \"stream\" : true,\n\t\"messages\": [ {\"content\":\"Be\\u0020brief.\", \"role\":\"system\"},"
      "{\"content\":\"H\\u00e9 \\u0022you\\\"\",\"role\":\"us\\u0065r\"}],"
      "\"tools\":[{\"function\":{\"parameters\":{\"maximum\":1.0,\"type\":\"object\"},\"name\":\"f\"},"
      "\"type\":\"function\"}],\"\\u006dodel\":\"\\u006D\" }\r\n");
  EXPECT_EQ(plain.first_chunk, shuffled.first_chunk);
  EXPECT_EQ(plain.canonical_bytes, shuffled.canonical_bytes);
  EXPECT_EQ(plain.estimated_tokens, shuffled.estimated_tokens);
  EXPECT_TRUE(shuffled.stream);
}

TEST(Chat, EveryPieceOfThePromptMatters) {
  const std::uint64_t base = chat(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})").first_chunk;
  for (const char* other : {
           R"({"model":"n","messages":[{"role":"user","content":"hi"}]})",
           R"({"messages":[{"role":"user","content":"hi"}]})",
           R"({"model":"m","messages":[{"role":"user","content":"ho"}]})",
           R"({"model":"m","messages":[{"role":"system","content":"hi"}]})",
           R"({"model":"m","messages":[{"role":"user","content":"hi","name":"x"}]})",
           R"({"model":"m","messages":[{"role":"system","content":""},{"role":"user","content":"hi"}]})",
           R"({"model":"m","messages":[{"role":"developer","content":"s"},{"role":"user","content":"hi"}]})",
           R"({"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{}]})",
           R"({"model":"m","messages":[{"role":"user","content":"hi"}],"functions":[{}]})",
           R"({"model":"m","messages":[{"role":"user","content":"hi"}],"cache_salt":"s"})",
           R"({"model":"m","messages":[{"role":"user","content":"hi"}],"lora_path":"a"})",
           R"({"model":"m","messages":[{"role":"user","content":"hi"}],"adapter_id":"a"})",
       }) {
    EXPECT_NE(chat(other).first_chunk, base) << other;
  }
}

TEST(Chat, WhatIsNoPromptDoesNotMatter) {
  const Features base = chat(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
  for (const char* same : {
           R"({"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0.7,"user":"u","seed":3})",
           R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"max_tokens":5})",
           R"({"model":"m","messages":[{"role":"user","content":"hi"}],"tools":null,"functions":[],"cache_salt":""})",
           R"({"model":"m","messages":[{"role":"user","content":"hi","name":null,"unknown":[1]}]})",
           R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]})",
           R"({"model":"m","messages":[{"role":"user","content":[{"text":"hi","type":"text","cache_control":{}}]}]})",
           R"({"model":"m","messages":[{"role":"user","content":["hi"]}]})",
       }) {
    EXPECT_EQ(chat(same).first_chunk, base.first_chunk) << same;
    EXPECT_EQ(chat(same).canonical_bytes, base.canonical_bytes) << same;
  }
}

TEST(Chat, ContentCannotForgeAMessage) {
  const auto two = chat(R"({"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]})");
  for (const char* forged : {R"({"messages":[{"role":"system","content":"ab"}]})",
                             R"({"messages":[{"role":"system","content":"a\u00f8\u00fa\u00f9ruser\u00f8\u00f9cb"}]})",
                             R"({"messages":[{"role":"systema","content":""},{"role":"user","content":"b"}]})",
                             R"({"messages":[{"role":"system","content":["a","b"]}]})"}) {
    EXPECT_NE(chat(forged).first_chunk, two.first_chunk) << forged;
  }
}

TEST(Chat, LaterTurnsKeepTheFirstChunk) {
  const std::string longer(3000, 'y');
  for (const std::string& first : {std::string("hi"), std::string(""), std::string(1020, 'x'), longer}) {
    const std::string begin =
        R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":")" + first;
    const Features one = chat(begin + "\"}]}");
    const Features two = chat(begin + R"("},{"role":"assistant","content":"yes"},{"role":"user","content":"more"}]})");
    const Features three =
        chat(begin + R"("},{"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"f"}}]},)"
                     R"({"role":"tool","tool_call_id":"1","content":"result"}]})");
    EXPECT_EQ(one.first_chunk, two.first_chunk) << first.size();
    EXPECT_EQ(one.first_chunk, three.first_chunk) << first.size();
    EXPECT_LT(one.canonical_bytes, two.canonical_bytes);
    EXPECT_LT(two.canonical_bytes, three.canonical_bytes);
  }
}

TEST(Chat, ShortFirstTurnsTellConversationsApart) {
  const auto first = [](std::string_view text) {
    return chat(R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":")" + std::string(text) +
                "\"}]}")
        .first_chunk;
  };
  EXPECT_NE(first("hi"), first("ho"));
  EXPECT_NE(first("h"), first("hi"));
  EXPECT_EQ(first(std::string(1024, 'x')), first(std::string(1025, 'x'))) << "behind the chunk";
}

TEST(Chat, PicturesAndSoundCountByTheirBytes) {
  const auto part = [](std::string_view json) {
    return chat(R"({"messages":[{"role":"user","content":[{"type":"text","text":"see"},)" + std::string(json) + "]}]}");
  };
  const Features cat = part(R"({"type":"image_url","image_url":{"url":"http://a/cat"}})");
  EXPECT_EQ(cat.first_chunk, part(R"({"image_url":{"url":"http:\/\/a\/cat"},"type":"image_url"})").first_chunk);
  EXPECT_NE(cat.first_chunk, part(R"({"type":"image_url","image_url":{"url":"http://a/dog"}})").first_chunk);
  EXPECT_NE(part(R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}})").first_chunk,
            part(R"({"type":"input_audio","input_audio":{"data":"AAAB","format":"wav"}})").first_chunk);
}

TEST(Chat, CallsResultsAndReasoningAreCounted) {
  const std::string begin = R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a")";
  const std::uint64_t bare = chat(begin + "}]}").canonical_bytes;
  for (const char* more :
       {R"("tool_calls":[{"id":"1"}])", R"("function_call":{"name":"f","arguments":""})",
        R"("reasoning_content":"because")", R"("reasoning":"because")", R"("tool_call_id":"1")", R"("name":"bob")"}) {
    EXPECT_GT(chat(begin + "," + more + "}]}").canonical_bytes, bare) << more;
  }
}

TEST(Chat, EstimatesFourBytesAToken) {
  const Features features = chat(R"({"messages":[{"role":"user","content":")" + std::string(4'000'000, 'x') + "\"}]}");
  EXPECT_EQ(features.canonical_bytes, 4'000'000U + 11);
  EXPECT_EQ(features.estimated_tokens, 1'000'002U);
  EXPECT_EQ(chat("{}").estimated_tokens, 1U);
  EXPECT_EQ(chat("{}").canonical_bytes, 0U);
  EXPECT_NE(chat("{}").first_chunk, 0U);
}

}  // namespace
}  // namespace wp::prompt
