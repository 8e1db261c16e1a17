#include "dataplane/prompt/scanner.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

using testing::Padded;

constexpr std::uint32_t kDepth = 8;

// Scans a body in steps of so many units.
Reason scan(Scanner& scanner, const Padded& body, std::int64_t units) {
  if (const auto started = scanner.start(body.data(), body.size()); !started) return started.error().reason;
  for (;;) {
    Budget budget(units);
    const auto read = scanner.step(budget);
    if (!read) return read.error().reason;
    if (*read) return Reason::none;
    EXPECT_TRUE(budget.spent()) << "a step does what it may";
  }
}

// What a body comes to, however it is cut into steps.
Reason outcome(std::string_view text, std::uint32_t max_body = 1 << 20) {
  Scanner scanner(max_body, kDepth);
  const Padded padded(text);
  const Reason whole = scan(scanner, padded, Budget::kAll);
  for (const std::int64_t units : {1, 130, 1000}) EXPECT_EQ(scan(scanner, padded, units), whole) << text;
  return whole;
}

TEST(Scanner, TakesExactlyOneObject) {
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

// What a tape says, as JSON with one spelling.
std::string written(Value value) {
  std::string all;
  const bool object = value.is(Kind::object);
  if (value.is(Kind::text)) return "<" + std::string(value.text()) + ">";
  if (!object && !value.is(Kind::array)) return "?";
  Value at = value.first();
  for (std::uint32_t i = 0; i < value.size() * (object ? 2 : 1); ++i, at = at.next()) all += written(at);
  return object ? "{" + all + "}" : "[" + all + "]";
}

// A message is read up to its content at once when it begins as most do, and token by token when not: with a space
// that nobody puts there.
TEST(Scanner, MessagesThatAreReadAtOnceAreWhatTheirTokensAre) {
  constexpr std::string_view kMessages[] = {
      R"({"role":"user","content":"hello"})",
      R"({"role": "assistant", "content": ""})",
      R"({"role":"system", "content":["parts"],"name":"x"})",
      R"({"role": "a role of more than thirty-two bytes, as none is", "content": "x"})",
      R"({"role":"\u0075ser","content":"x"})",
      "{\"role\":\"\xC3\xA9\",\"content\":\"x\"}",
      R"({"role":"","content":"x"})",
      R"({"role":"user","contents":"x"})",
      R"({"role":"user","content":{"role":"user","content":"x"}})",
      R"({"role":"user"})",
      R"({"role":1,"content":"x"})",
      R"({"role":{"role":"x","content":"y"},"content":[{"role":"x","content":"y"}]})",
  };
  for (const std::string_view message : kMessages) {
    std::string other(message);
    other.insert(1, " ");
    const Padded at_once(R"({"messages":[1,)" + std::string(message) + "," + std::string(message) + "]}");
    const Padded by_tokens(R"({"messages":[1,)" + other + "," + other + "]}");
    Scanner one(1 << 20, kDepth);
    Scanner two(1 << 20, kDepth);
    ASSERT_EQ(scan(one, at_once, Budget::kAll), Reason::none) << message;
    ASSERT_EQ(scan(two, by_tokens, Budget::kAll), Reason::none) << message;
    EXPECT_EQ(written(one.root()), written(two.root()));
    EXPECT_EQ(outcome(R"({"messages":[)" + std::string(message) + "]}"), Reason::none) << message;
  }
}

TEST(Scanner, AMessageThatIsCutOrWrongIsRefusedAtEveryByte) {
  const std::string whole = R"({"messages":[{"role": "user", "content": "hello"}]})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(outcome(whole.substr(0, size)), Reason::bad_json) << size;
    // What lies behind a body is none of it.
    const Padded padded(whole);
    Scanner scanner(1 << 20, kDepth);
    if (size == 0) continue;
    ASSERT_TRUE(scanner.start(padded.data(), static_cast<std::uint32_t>(size)));
    Budget budget(Budget::kAll);
    EXPECT_FALSE(scanner.step(budget)) << size;
  }
  for (const char* bad :
       {R"({"m":[{"role":"user""content":"x"}]})", R"({"m":[{"role":"user",,"content":"x"}]})",
        R"({"m":[{"role":"user","content":}]})", R"({"m":[{"role":"user","content":"x"]})",
        R"({"m":[{"role":"user","content" "x"}]})", "{\"m\":[{\"role\":\"us\ner\",\"content\":1}]}"}) {
    EXPECT_EQ(outcome(bad), Reason::bad_json) << bad;
  }
}

TEST(Scanner, AMessageIsAsDeepAsItIs) {
  const auto nested_message = [](std::size_t arrays) {
    return "{\"a\":" + std::string(arrays, '[') + R"({"role":"user","content":"x"})" + std::string(arrays, ']') + "}";
  };
  EXPECT_EQ(outcome(nested_message(kDepth - 2)), Reason::none);
  EXPECT_EQ(outcome(nested_message(kDepth - 1)), Reason::nested_too_deep);
  const Padded root(R"({"role":"user","content":"x"})");
  Scanner scanner(1 << 20, kDepth);
  ASSERT_EQ(scan(scanner, root, Budget::kAll), Reason::none);
  EXPECT_EQ(scanner.member(1).value, 25U) << "the body itself is no message: its members have places";
}

TEST(Scanner, RefusesMalformedNumbers) {
  for (const char* number : {"01", "-", "+1", "1.", ".5", "1e", "0x10", "1_000", "1.2.3", "1e309x"}) {
    EXPECT_EQ(outcome("{\"a\":" + std::string(number) + "}"), Reason::bad_json) << number;
  }
  EXPECT_EQ(outcome(R"({"a":1e400,"b":18446744073709551616,"c":-0.5})"), Reason::none);
}

TEST(Scanner, RefusesWhatIsNotUtf8) {
  for (const char* text :
       {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80", "\xF8\x88\x80\x80\x80"}) {
    EXPECT_EQ(outcome("{\"a\":\"" + std::string(text) + "\"}"), Reason::bad_json);
    EXPECT_EQ(outcome("{\"" + std::string(text) + "\":1}"), Reason::bad_json);
  }
  EXPECT_EQ(outcome("{\"a\":\"\xE2\x82\xAC \xF0\x9F\x98\x80\"}"), Reason::none);
  EXPECT_EQ(outcome("{}\xFF"), Reason::bad_json);
}

TEST(Scanner, RefusesLoneSurrogates) {
  EXPECT_EQ(outcome(R"({"a":"\ud83d\ude00"})"), Reason::none);
  EXPECT_EQ(outcome(R"({"a":"\ud83d"})"), Reason::bad_json);
  EXPECT_EQ(outcome(R"({"a":"\ud83dx"})"), Reason::bad_json);
}

std::string nested(std::size_t arrays) {
  return "{\"a\":" + std::string(arrays, '[') + "1" + std::string(arrays, ']') + "}";
}

TEST(Scanner, RefusesDeepNesting) {
  EXPECT_EQ(outcome(nested(kDepth - 1)), Reason::none);
  EXPECT_EQ(outcome(nested(kDepth)), Reason::nested_too_deep);
  EXPECT_EQ(outcome(nested(100'000)), Reason::nested_too_deep);
}

TEST(Scanner, RefusesBodiesOverTheLimit) {
  EXPECT_EQ(outcome("{ }", 3), Reason::none);
  EXPECT_EQ(outcome("{  }", 3), Reason::body_too_large);
}

TEST(Scanner, CutsNoCharacterInTwo) {
  std::string text = "{\"";
  for (int i = 0; i < 100; ++i) text += "\xF0\x9F\x98\x80\xE2\x82\xAC\xC3\xA9 plain text ";
  EXPECT_EQ(outcome(text + "\":1}"), Reason::none);
  EXPECT_EQ(outcome(text + "\xF0\x9F\":1}"), Reason::bad_json);
  EXPECT_EQ(outcome(text + "\\n\x80\":1}"), Reason::bad_json);
  EXPECT_EQ(outcome(text + "\xC3\\n\":1}"), Reason::bad_json) << "an escape is no part of a character";
}

// Texts with and without escapes, of lengths around those of blocks, wherever the steps end.
TEST(Scanner, UnescapesTexts) {
  for (const std::size_t size : {0U, 1U, 30U, 63U, 64U, 65U, 127U, 128U, 500U}) {
    for (const std::size_t at : {std::size_t{0}, size / 2, size}) {
      const std::string before(at, 'b');
      const std::string behind(size - at, 'a');
      const std::string body = R"({"k":")" + before + R"(\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u20AC)" + behind +
                               R"(","l":")" + before + behind + "\"}";
      const std::string expected = before + "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80\xE2\x82\xAC" + behind;
      const Padded padded(body);
      for (const std::int64_t units : {std::int64_t{1}, std::int64_t{200}, Budget::kAll}) {
        Scanner scanner(1 << 20, kDepth);
        ASSERT_EQ(scan(scanner, padded, units), Reason::none) << body;
        const Value value = scanner.root().first().next();
        EXPECT_EQ(value.text(), expected);
        EXPECT_EQ(value.next().text(), "l");
        EXPECT_EQ(value.next().next().text(), before + behind);
      }
    }
  }
}

TEST(Scanner, RefusesWhatTextsMayNotHold) {
  for (int c = 0; c < 0x20; ++c) {
    for (const std::size_t at : {0U, 10U, 63U, 64U, 200U}) {
      const std::string text = std::string(at, 'x') + static_cast<char>(c);
      EXPECT_EQ(outcome("{\"" + text + "\":1}"), Reason::bad_json) << c;
      EXPECT_EQ(outcome("{\"\\n" + text + "\":1}"), Reason::bad_json) << c;
    }
  }
  EXPECT_EQ(outcome("{\"\x7F\":1}"), Reason::none);
}

TEST(Scanner, WritesATape) {
  const Padded body(R"({"a":[1,[],{"b":null}],"c":true})");
  Scanner scanner(1 << 20, kDepth);
  ASSERT_EQ(scan(scanner, body, Budget::kAll), Reason::none);
  const Value root = scanner.root();
  ASSERT_EQ(root.kind(), Kind::object);
  EXPECT_EQ(root.size(), 2U);
  const Value array = root.first().next();
  ASSERT_EQ(array.kind(), Kind::array);
  EXPECT_EQ(array.size(), 3U);
  EXPECT_EQ(array.first().integer(), 1);
  EXPECT_EQ(array.first().next().size(), 0U);
  EXPECT_EQ(array.first().next().next().first().text(), "b");
  EXPECT_EQ(array.next().text(), "c");
  EXPECT_EQ(array.next().next().kind(), Kind::yes);
}

// As many values as a body can hold, and its deepest nesting, fit.
TEST(Scanner, HasRoomForEveryBody) {
  std::string ones = "{\"\":[";
  while (ones.size() < 65'530) ones += "1,";
  ones.back() = ']';
  EXPECT_EQ(outcome(ones + "}"), Reason::none);
  EXPECT_EQ(outcome(std::string("{\"\":[[[[[") + ones.substr(5)), Reason::bad_json);
}

TEST(Scanner, GrowsAndStaysUsable) {
  Scanner scanner(1 << 24, kDepth);
  for (const std::size_t size : {10U, 70'000U, 3'000'000U, 10U, 500'000U}) {
    const Padded padded("{\"a\":\"" + std::string(size, 'x') + "\"}");
    ASSERT_EQ(scan(scanner, padded, Budget::kAll), Reason::none);
    EXPECT_EQ(scanner.root().first().next().text().size(), size);
  }
}

TEST(Scanner, SaysWhereMembersStand) {
  const std::string text = R"( { "a" : [ {"b":","}, "}" ] ,"c\"":"x\"y" , "d":{"d":{}}  ,"e":-1.5e3)"
                           "\n}";
  const Padded padded(text);
  for (const std::int64_t units : {std::int64_t{1}, Budget::kAll}) {
    Scanner scanner(1 << 20, kDepth);
    ASSERT_EQ(scan(scanner, padded, units), Reason::none);
    const auto value = [&](std::uint32_t index) {
      const MemberPlace place = scanner.member(index);
      return text.substr(place.value, place.value_end - place.value);
    };
    EXPECT_EQ(value(0), R"([ {"b":","}, "}" ])");
    EXPECT_EQ(value(1), R"("x\"y")");
    EXPECT_EQ(value(2), R"({"d":{}})");
    EXPECT_EQ(value(3), "-1.5e3");
    EXPECT_EQ(text.substr(scanner.member(1).key, 5), R"("c\"")");
  }
}

}  // namespace
}  // namespace wp::prompt
