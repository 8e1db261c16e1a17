#include "dataplane/prompt/usage_text.h"

#include <string>

#include <gtest/gtest.h>

namespace wp::prompt {
namespace {

UsageText read(std::string_view text, std::size_t piece, Api api) {
  UsageText reader;
  reader.begin(api);
  for (std::size_t at = 0; at < text.size(); at += piece) reader.feed(text.substr(at, piece));
  return reader;
}

// What is found, which must not depend on how the text is cut.
std::optional<Usage> usage_of(std::string_view text, Api api = Api::chat_completions) {
  const UsageText whole = read(text, text.size() + 1, api);
  const auto found = whole.found() ? whole.figures().read(api) : std::nullopt;
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 16U, 17U, 31U}) {
    const UsageText cut = read(text, piece, api);
    EXPECT_EQ(cut.found(), whole.found()) << piece;
    EXPECT_EQ(cut.choices_empty(), whole.choices_empty()) << piece;
    EXPECT_EQ(cut.choices_filled(), whole.choices_filled()) << piece;
    const auto again = cut.figures().read(api);
    if (!found) continue;
    EXPECT_TRUE(again.has_value());
    EXPECT_EQ(again->prompt_tokens, found->prompt_tokens) << piece;
    EXPECT_EQ(again->completion_tokens, found->completion_tokens) << piece;
    EXPECT_EQ(again->cached_tokens, found->cached_tokens) << piece;
  }
  EXPECT_TRUE(!whole.found() || UsageText::possible(text));
  return found;
}

std::string told(std::string_view text, Api api = Api::chat_completions) {
  const auto usage = usage_of(text, api);
  if (!usage) return "none";
  const std::string cached = usage->cached_tokens ? std::to_string(*usage->cached_tokens) : "?";
  return std::to_string(usage->prompt_tokens) + "/" + cached + "/" + std::to_string(usage->completion_tokens);
}

TEST(UsageText, PlainRepliesOfEveryApi) {
  EXPECT_EQ(told(R"({"id":"chatcmpl-1","choices":[{"index":0,"message":{"content":"hi"}}],)"
                 R"("usage":{"prompt_tokens":12,"total_tokens":15,"completion_tokens":3,)"
                 "\n \"prompt_tokens_details\": null}}"),
            "12/?/3");
  EXPECT_EQ(told(R"({"usage":{"prompt_tokens":12,"prompt_tokens_details":{"audio_tokens":1,"cached_tokens":8},)"
                 R"("completion_tokens":3},"choices":[]})"),
            "12/8/3");
  EXPECT_EQ(told(R"({"object":"list","data":[{"embedding":[0.1,-2e3]}],"usage":{"prompt_tokens":5,"total_tokens":5}})",
                 Api::embeddings),
            "5/?/0");
  EXPECT_EQ(told(R"({"output":[],"usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":0},)"
                 R"("output_tokens":2,"output_tokens_details":{"reasoning_tokens":1}}})",
                 Api::responses),
            "9/0/2");
  EXPECT_EQ(told(R"({"type":"message","usage":{"input_tokens":9,"cache_creation_input_tokens":3,)"
                 R"("cache_read_input_tokens":80,"output_tokens":2}})",
                 Api::messages),
            "92/80/2");
  EXPECT_EQ(told(R"({"usage":{"completion_tokens":4,"prompt_tokens":30},"timings":{"cache_n":29,"prompt_ms":0.5}})"),
            "30/29/4");
}

TEST(UsageText, EventsHaveItWhereTheirApiPutsIt) {
  const std::string completed =
      R"({"type":"response.completed","response":{"usage":{"input_tokens":7,"output_tokens":1}}})";
  EXPECT_EQ(told(completed, Api::responses), "7/?/1");
  EXPECT_EQ(told(completed, Api::chat_completions), "none");
  const std::string start = R"({"type":"message_start","message":{"usage":{"input_tokens":7,"output_tokens":1}}})";
  EXPECT_EQ(told(start, Api::messages), "7/?/1");
  EXPECT_EQ(told(start, Api::responses), "none");
}

TEST(UsageText, NothingButTheMemberItselfIsUsage) {
  const std::string fake = R"({\"usage\":{\"prompt_tokens\":99}})";
  EXPECT_EQ(told(R"({"choices":[{"message":{"content":")" + fake + R"("}}],"x":")" + fake + R"("})"), "none");
  EXPECT_EQ(told(R"({"choices":[{"usage":{"prompt_tokens":99}}]})"), "none") << "nested";
  EXPECT_EQ(told(R"({"x":{"usage":{"prompt_tokens":99}}})"), "none");
  EXPECT_EQ(told(R"({"usage":{"x":{"prompt_tokens":99}}})"), "none");
  EXPECT_EQ(told(R"({"usage":{"x":["prompt_tokens",99],"prompt_tokens":1}})"), "1/?/0");
  EXPECT_EQ(told(R"({"us\u0061ge":{"prompt_tokens":99}})"), "none");
  EXPECT_EQ(told(R"({"usage":null})"), "none");
  EXPECT_EQ(told(R"({"usage":[{"prompt_tokens":99}]})"), "none");
  EXPECT_EQ(told(R"({"usages":{"prompt_tokens":99},"usag":{"prompt_tokens":98}})"), "none");
  EXPECT_EQ(told(R"([{"usage":{"prompt_tokens":99}}])"), "none");
  EXPECT_EQ(told(R"("usage":{"prompt_tokens":99}})"), "none");
  EXPECT_EQ(told("[DONE]"), "none");
  EXPECT_EQ(told(""), "none");
}

TEST(UsageText, StringsEndWhereTheyEnd) {
  EXPECT_EQ(told(R"({"a":"\\","usage":{"prompt_tokens":1}})"), "1/?/0");
  EXPECT_EQ(told(R"({"a":"\"","usage":{"prompt_tokens":1}})"), "1/?/0");
  EXPECT_EQ(told(R"({"a":["\\\"]}",{"b":"}"}],"usage":{"prompt_tokens":1}})"), "1/?/0");
  EXPECT_EQ(told(R"({"a\"":1,"usage":{"b":"}","prompt_tokens":1}})"), "1/?/0");
  EXPECT_EQ(told(R"({"a":"\u0022,\u0022usage\u0022:{","usage":{"prompt_tokens":1}})"), "1/?/0");
}

TEST(UsageText, OnlyWholeNumbersOfACredibleSizeCount) {
  EXPECT_EQ(told(R"({"usage":{"prompt_tokens":12.5}})"), "none");
  EXPECT_EQ(told(R"({"usage":{"prompt_tokens":1e3}})"), "none");
  EXPECT_EQ(told(R"({"usage":{"prompt_tokens":-5}})"), "none");
  EXPECT_EQ(told(R"({"usage":{"prompt_tokens":"12"}})"), "none");
  EXPECT_EQ(told(R"({"usage":{"prompt_tokens":null,"completion_tokens":1}})"), "none");
  EXPECT_EQ(told(R"({"usage":{"prompt_tokens":1073741823}})"), "1073741823/?/0");
  EXPECT_EQ(told(R"({"usage":{"prompt_tokens":1073741824}})"), "none");
  EXPECT_EQ(told(R"({"usage":{"prompt_tokens":184467440737095516170}})"), "none");
  EXPECT_EQ(told(R"({"usage":{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":9}}})"), "5/5/0")
      << "no more can have been cached than there were";
}

TEST(UsageText, ATextThatIsCutTellsNothing) {
  const std::string text = R"({"usage":{"prompt_tokens":12,"completion_tokens":3}})";
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_EQ(told(text.substr(0, size)), "none") << size;
  EXPECT_EQ(told(text), "12/?/3");
  EXPECT_EQ(told(text + R"({"usage":{"prompt_tokens":99}})"), "12/?/3") << "what follows is not its";
}

TEST(UsageText, HugeAndDeepTextsAreOnlyPassedOver) {
  const std::string usage = R"(,"usage":{"prompt_tokens":1}})";
  EXPECT_EQ(told(R"({"a":")" + std::string(300'000, 'x') + '"' + usage), "1/?/0");
  EXPECT_EQ(told(R"({"a":)" + std::string(50'000, '[') + std::string(50'000, ']') + usage), "1/?/0");
  EXPECT_EQ(told(R"({")" + std::string(1000, 'k') + R"(":1)" + usage), "1/?/0");
  const std::string deep = R"({"a":)" + std::string((1U << 20U) + 1, '[') + std::string((1U << 20U) + 1, ']') + usage;
  const UsageText given_up = read(deep, deep.size(), Api::chat_completions);
  EXPECT_FALSE(given_up.found());
}

TEST(UsageText, ChoicesAreEmptyOnlyWhenTheyAreThereAndEmpty) {
  const auto empty = [](std::string_view text) {
    static_cast<void>(usage_of(text));
    return read(text, text.size(), Api::chat_completions).choices_empty();
  };
  EXPECT_TRUE(empty(R"({"choices":[],"usage":{"prompt_tokens":1}})"));
  EXPECT_TRUE(empty("{\"choices\": [ \n ] }"));
  EXPECT_FALSE(empty(R"({"usage":{"prompt_tokens":1}})"));
  EXPECT_FALSE(empty(R"({"choices":[{}]})"));
  EXPECT_FALSE(empty(R"({"choices":[[]]})"));
  EXPECT_FALSE(empty(R"({"choices":[1]})"));
  EXPECT_FALSE(empty(R"({"choices":[""]})"));
  EXPECT_FALSE(empty(R"({"choices":{}})"));
  EXPECT_FALSE(empty(R"({"x":{"choices":[]}})"));
  EXPECT_FALSE(empty(R"({"choices":[],"x":1)")) << "not complete";
  EXPECT_TRUE(read(R"({"choices":[{"ind)", 99, Api::chat_completions).choices_filled()) << "known early";
}

TEST(UsageText, MostTextsAreKnownToHaveNoneAtAGlance) {
  EXPECT_FALSE(UsageText::possible(R"({"choices":[{"delta":{"content":"usage"}}]})"));
  EXPECT_FALSE(UsageText::possible(R"({"choices":[{"delta":{"content":"x"}}],"usage":null})"));
  EXPECT_FALSE(UsageText::possible(R"({"choices":[{"delta":{"content":"x"}}],"usage")"));
  EXPECT_TRUE(UsageText::possible("{\"choices\":[],\"usage\" :\n{}}"));
  EXPECT_TRUE(UsageText::possible(R"({"usage":null,"response":{"usage":{"input_tokens":1}}})"));
}

}  // namespace
}  // namespace wp::prompt
