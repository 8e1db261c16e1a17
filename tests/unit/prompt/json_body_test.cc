#include "dataplane/prompt/json_body.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

using testing::Padded;

constexpr std::uint32_t kDepth = 8;

Reason outcome(std::string_view text, std::uint32_t max_body = 1 << 20) {
  JsonBody body(max_body, kDepth);
  const Padded padded(text);
  const auto object = body.parse(padded.data(), padded.size());
  return object ? Reason::none : object.error().reason;
}

TEST(JsonBody, TakesExactlyOneObject) {
  for (const char* good : {"{}", " \r\n\t{ } \n", R"({"a":[1,2.5e3,"x",null,true,false,{}]})", R"({"":""})"}) {
    EXPECT_EQ(outcome(good), Reason::none) << good;
  }
  for (const char* bad : {"",
                          " ",
                          "null",
                          "1",
                          "\"x\"",
                          "[]",
                          "[{}]",
                          "{}{}",
                          "{} x",
                          "{},",
                          "{}]",
                          "{",
                          "}",
                          "{]",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{,}",
                          "{'a':1}",
                          "{a:1}",
                          "{\"a\":1 \"b\":2}",
                          "{\"a\":tru}",
                          "{\"a\":truee}",
                          "{\"a\":nul}",
                          "{\"a\":\"x}",
                          "{\"a\":\"\t\"}",
                          "{\"a\":\"\\x\"}",
                          "{\"a\":\"\\u12g4\"}",
                          "{\"a\":\"x\"y}",
                          "{\"a\":1}/*c*/",
                          "{\"a\":NaN}"}) {
    EXPECT_EQ(outcome(bad), Reason::bad_json) << bad;
  }
}

TEST(JsonBody, RefusesMalformedNumbers) {
  for (const char* number : {"01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "1_000", "--1", "1.2.3", "-01",
                             "01111111111111111111111", "1e309x", "99999999999999999999x"}) {
    EXPECT_EQ(outcome("{\"a\":" + std::string(number) + "}"), Reason::bad_json) << number;
  }
}

TEST(JsonBody, TakesNumbersBeyondSixtyFourBits) {
  for (const char* number : {"18446744073709551616", "-9223372036854775809", "340282366920938463463374607431768211455",
                             "1e400", "-2E308", "1e-400", "1e99999999999999999999", "1e-99999999999999999999"}) {
    EXPECT_EQ(outcome("{\"a\":" + std::string(number) + ",\"b\":1}"), Reason::none) << number;
  }
  EXPECT_EQ(outcome("{\"a\":1e400,\"b\":01}"), Reason::bad_json) << "a wide number excuses no malformed one";
  EXPECT_EQ(outcome("{\"a\":1e400,\"b\":\"\\x\"}"), Reason::bad_json);
}

TEST(JsonBody, RefusesWhatIsNotUtf8) {
  for (const char* text :
       {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80", "\xF8\x88\x80\x80\x80"}) {
    EXPECT_EQ(outcome("{\"a\":\"" + std::string(text) + "\"}"), Reason::bad_json);
    EXPECT_EQ(outcome("{\"" + std::string(text) + "\":1}"), Reason::bad_json);
  }
  EXPECT_EQ(outcome("{\"a\":\"\xE2\x82\xAC \xF0\x9F\x98\x80\"}"), Reason::none);
  EXPECT_EQ(outcome("{}\xFF"), Reason::bad_json);
}

TEST(JsonBody, RefusesLoneSurrogates) {
  EXPECT_EQ(outcome(R"({"a":"\ud83d\ude00"})"), Reason::none);
  EXPECT_EQ(outcome(R"({"a":"\ud83d"})"), Reason::bad_json);
  EXPECT_EQ(outcome(R"({"a":"\ud83dx"})"), Reason::bad_json);
}

std::string nested(std::size_t arrays) {
  return "{\"a\":" + std::string(arrays, '[') + "1" + std::string(arrays, ']') + "}";
}

TEST(JsonBody, RefusesDeepNesting) {
  EXPECT_EQ(outcome(nested(kDepth - 1)), Reason::none);
  EXPECT_EQ(outcome(nested(kDepth)), Reason::nested_too_deep);
  EXPECT_EQ(outcome(nested(100'000)), Reason::nested_too_deep);
}

TEST(JsonBody, RefusesBodiesOverTheLimit) {
  EXPECT_EQ(outcome("{ }", 3), Reason::none);
  EXPECT_EQ(outcome("{  }", 3), Reason::body_too_large);
}

TEST(JsonBody, GrowsAndStaysUsable) {
  JsonBody body(1 << 24, kDepth);
  for (const std::size_t size : {10U, 70'000U, 3'000'000U, 10U, 500'000U}) {
    const Padded padded("{\"a\":\"" + std::string(size, 'x') + "\"}");
    const auto object = body.parse(padded.data(), padded.size());
    ASSERT_TRUE(object);
    EXPECT_EQ(object->at_key("a").get_string().value().size(), size);
  }
}

TEST(JsonBody, SaysWhereMembersStand) {
  const std::string text = R"( { "a" : [ {"b":","}, "}" ] ,"c\"":"x\"y" , "d":{"d":{}}  ,"e":-1.5e3)"
                           "\n}";
  const Padded padded(text);
  JsonBody body(1 << 20, kDepth);
  ASSERT_TRUE(body.parse(padded.data(), padded.size()));
  const auto value = [&](std::uint32_t index) {
    const MemberPlace place = body.member(index);
    return text.substr(place.value, place.value_end - place.value);
  };
  EXPECT_EQ(value(0), R"([ {"b":","}, "}" ])");
  EXPECT_EQ(value(1), R"("x\"y")");
  EXPECT_EQ(value(2), R"({"d":{}})");
  EXPECT_EQ(value(3), "-1.5e3");
  EXPECT_EQ(text.substr(body.member(1).key, 5), R"("c\"")");
}

TEST(JsonBody, PlacesAreOfTheBodyWhenNumbersAreWide) {
  const std::string text = R"({"n":123456789012345678901234567890,"s":"x"})";
  const Padded padded(text);
  JsonBody body(1 << 20, kDepth);
  ASSERT_TRUE(body.parse(padded.data(), padded.size()));
  const MemberPlace place = body.member(1);
  EXPECT_EQ(text.substr(place.value, place.value_end - place.value), R"("x")");
}

}  // namespace
}  // namespace wp::prompt
