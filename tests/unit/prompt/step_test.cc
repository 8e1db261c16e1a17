// How much is done at once of a long body: counted in units (budget.h), not timed.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/prompt/budget.h"
#include "dataplane/prompt/members.h"
#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

constexpr std::size_t kLong = std::size_t{400} * 1024;

// What is not done by halves: a look at an object's members, and some pieces of a few hundred bytes.
constexpr std::int64_t kWhole = (kMostMembers + 64) * kMemberCost;

struct LongBody {
  const char* about;
  Api api;
  std::string text;
};

// `piece` over and over, between `begin` and `end`, which goes in the last comma's place where there is one.
std::string repeated(std::string_view begin, std::string_view piece, std::string_view end) {
  std::string text(begin);
  while (text.size() + piece.size() + end.size() <= kLong) text += piece;
  if (text.ends_with(',')) text.pop_back();
  return text.append(end);
}

std::string members(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "\"" + std::to_string(count - i) + "\":0,";
  text.pop_back();
  return text;
}

std::vector<LongBody> long_bodies() {
  const std::string_view chat = R"({"messages":[{"role":"user","content":")";
  const std::string_view end = "\"}]}";
  const Api api = Api::chat_completions;
  return {
      {"one text", api, repeated(chat, "a", end)},
      {"escapes", api, repeated(chat, R"(\n)", end)},
      {"escapes of four digits", api, repeated(chat, R"(\u20ac)", end)},
      {"no ASCII", api, repeated(chat, "\xE2\x82\xAC", end)},
      {"white space", api, repeated("{", " \n", "}")},
      {"short messages", api, repeated(R"({"messages":[)", R"({"role":"user","content":"a"},)", "]}")},
      {"messages with calls", api,
       repeated(R"({"messages":[)", R"({"role":"a","tool_calls":[{"id":1}],"content":[{"type":"text","text":"b"}]},)",
                "]}")},
      {"messages of many members", api, repeated(R"({"messages":[)", "{" + members(1000) + "},", "]}")},
      {"numbers of a tool", api, repeated(R"({"tools":[{"a":[)", "0,", "]}]}")},
      {"a tool's members", api, repeated(R"({"tools":[{"a":{"b":0)", R"(,"c":0)", "}}]}")},
      {"tools in order", api, repeated(R"({"tools":[)", "{" + members(200) + "},", "]}")},
      {"lists in lists", api, repeated(R"({"tools":[{"a":[)", "[[[[[[[[]]]]]]]],", "]}]}")},
      {"tokens", Api::completions, repeated(R"({"prompt":[)", "7,", "]}")},
      {"items", Api::responses, repeated(R"({"input":[)", R"({"type":"reasoning","summary":[]},)", "]}")},
      {"members that nobody reads", api, "{" + members(kMostMembers) + "}"},
  };
}

TEST(Step, OfALongBodyTakesNoMoreThanItsUnits) {
  for (const LongBody& body : long_bodies()) {
    const testing::Padded text(body.text);
    for (const Keys keys : {Keys::always, Keys::unnamed}) {
      Extractor extractor({.key = testing::kKey});
      ASSERT_TRUE(extractor.start(body.api, text.data(), text.size(), {.session = "s"}, keys));
      std::int64_t longest = 0;
      std::int64_t all = 0;
      for (bool done = false; !done;) {
        const auto step = extractor.step();
        ASSERT_TRUE(step) << body.about;
        done = *step;
        longest = std::max(longest, extractor.spent());
        all += extractor.spent();
      }
      EXPECT_LE(longest, kStepUnits + kWhole) << body.about;
      EXPECT_GE(all, text.size()) << body.about << ": no byte is free";
    }
  }
}

// As few units as there can be: every step gets on, and none does more than one thing that cannot be halved.
TEST(Step, OfOneUnitIsStillBounded) {
  for (const LongBody& body : long_bodies()) {
    const testing::Padded text(body.text);
    Extractor extractor({.key = testing::kKey});
    ASSERT_TRUE(extractor.start(body.api, text.data(), text.size(), {}));
    std::int64_t longest = 0;
    for (auto step = extractor.step(1); step && !*step; step = extractor.step(1)) {
      longest = std::max(longest, extractor.spent());
    }
    EXPECT_LE(longest, kWhole) << body.about;
  }
}

}  // namespace
}  // namespace wp::prompt
