#include "tools/lab/trace_line.h"

#include <gtest/gtest.h>

namespace wp::lab {
namespace {

TEST(TraceLine, ReadsMooncake) {
  const auto line =
      read_mooncake(R"({"timestamp": 27482, "input_length": 600, "output_length": 52, "hash_ids": [46, 47]})");
  ASSERT_TRUE(line) << line.error();
  EXPECT_EQ(line->at, millis(27482));
  EXPECT_EQ(line->prompt_tokens, 600U);
  EXPECT_EQ(line->output_tokens, 52U);
  EXPECT_EQ(line->ids, (std::vector<std::uint64_t>{46, 47}));
}

TEST(TraceLine, SaysWhatIsWrongWithMooncake) {
  const auto error = [](std::string_view text) { return read_mooncake(text).error(); };
  EXPECT_EQ(error("{"), "no valid JSON");
  EXPECT_EQ(error("[]"), "a JSON object is wanted, one a line");
  EXPECT_EQ(error("{}"), "\"timestamp\": is missing");
  EXPECT_EQ(error(R"({"timestamp": "x"})"), "\"timestamp\": a number is wanted");
  EXPECT_EQ(error(R"({"timestamp": -1})"), "\"timestamp\": out of range");
  EXPECT_EQ(error(R"({"timestamp": 0, "input_length": 0})"), "\"input_length\": at least 1 is wanted");
  EXPECT_EQ(error(R"({"timestamp": 0, "input_length": -5})"),
            "\"input_length\": a whole number from 0 to 100,000,000 is wanted");
  EXPECT_EQ(error(R"({"timestamp": 0, "input_length": 5})"), "\"output_length\": is missing");
  EXPECT_EQ(error(R"({"timestamp": 0, "input_length": 5, "output_length": 1})"), "\"hash_ids\": an array is wanted");
  EXPECT_EQ(error(R"({"timestamp": 0, "input_length": 5, "output_length": 1, "hash_ids": ["a"]})"),
            "\"hash_ids\": whole numbers from 0 on are wanted");
  EXPECT_EQ(error(R"({"timestamp": 0, "input_length": 513, "output_length": 1, "hash_ids": [1]})"),
            "\"hash_ids\": 1 of them, but 513 tokens are 2 blocks of 512");
}

TEST(TraceLine, ReadsChatBodiesOfEveryApi) {
  const auto api = [](std::string_view body) {
    return read_chat(R"({"timestamp_us": 5, "body": )" + std::string(body) + "}").value().api;
  };
  EXPECT_EQ(api(R"({"messages": []})"), prompt::Api::chat_completions);
  EXPECT_EQ(api(R"({"prompt": "x"})"), prompt::Api::completions);
  EXPECT_EQ(api(R"({"input": "x"})"), prompt::Api::responses);
}

TEST(TraceLine, ReadsChatInput) {
  const auto line = read_chat(R"({"timestamp_us": 2500, "session": "s0", "input": "a \"b\"", "output_chars": 9})");
  ASSERT_TRUE(line) << line.error();
  EXPECT_EQ(line->at, micros(2500));
  EXPECT_EQ(line->session, "s0");
  EXPECT_EQ(line->body, R"({"prompt":"a \"b\""})");
  EXPECT_EQ(line->output_tokens, 2U);
  EXPECT_EQ(read_chat(R"({"timestamp_us": 0, "session": 17, "input": ""})")->session, "17");
  EXPECT_EQ(read_chat(R"({"timestamp_us": 0, "input": "", "output_tokens": 7, "output_chars": 100})")->output_tokens,
            7U);
}

TEST(TraceLine, FindsTheFirstUserTurn) {
  const auto opening = [](std::string_view body) {
    return read_chat(R"({"timestamp_us": 5, "body": )" + std::string(body) + "}").value().opening;
  };
  EXPECT_EQ(opening(R"({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]})"), "u");
  EXPECT_EQ(opening(R"({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"text": "b"}]}]})"),
            "ab");
  EXPECT_EQ(opening(R"({"messages": [{"role": "system", "content": "s"}]})"), "");
  EXPECT_EQ(opening(R"({"prompt": ["x", "y"]})"), "xy");
  EXPECT_EQ(opening(R"({"input": "x"})"), "x");
  EXPECT_EQ(opening(R"({"input": [{"role": "user", "content": "z"}]})"), "z");
  EXPECT_EQ(read_chat(R"({"timestamp_us": 0, "input": "text"})")->opening, "text");
}

TEST(TraceLine, SaysWhatIsWrongWithChat) {
  const auto error = [](std::string_view text) { return read_chat(text).error(); };
  EXPECT_EQ(error(R"({"input": "x"})"), "\"timestamp_us\": is missing");
  EXPECT_EQ(error(R"({"timestamp_us": 0})"), "either \"body\" or \"input\" is wanted");
  EXPECT_EQ(error(R"({"timestamp_us": 0, "body": {}, "input": ""})"), "either \"body\" or \"input\" is wanted");
  EXPECT_EQ(error(R"({"timestamp_us": 0, "input": 1})"), "\"input\": a text is wanted");
  EXPECT_EQ(error(R"({"timestamp_us": 0, "body": "x"})"), "\"body\": an object is wanted");
  EXPECT_EQ(error(R"({"timestamp_us": 0, "body": {"model": "m"}})"),
            "\"body\": has neither \"messages\" nor \"prompt\" nor \"input\"");
  EXPECT_EQ(error(R"({"timestamp_us": 0, "session": [], "input": "x"})"),
            "\"session\": a text or a whole number is wanted");
}

TEST(TraceLine, RefusesWhatNestsTooDeep) {
  const auto line = [](std::size_t depth, const std::string& inside) {
    return R"({"timestamp_us": 0, "body": {"messages": )" + std::string(depth, '[') + inside + std::string(depth, ']') +
           "}}";
  };
  EXPECT_EQ(read_chat(line(1'000'000, "")).error(), "objects and arrays nest too deep");
  EXPECT_TRUE(read_chat(line(60, "")));
  // Brackets in texts do not count, nor do quotes that are escaped.
  EXPECT_TRUE(read_chat(line(1, R"("\"[)" + std::string(1000, '[') + R"(\\")")));
}

TEST(TraceLine, KnowsFormatsByTheirMembers) {
  EXPECT_EQ(format_of(R"({"hash_ids": []})"), TraceFormat::mooncake);
  EXPECT_EQ(format_of(R"({"timestamp_us": 1})"), TraceFormat::chat);
  EXPECT_EQ(format_of(R"({"timestamp": 1})").error(),
            "neither a Mooncake request (\"hash_ids\") nor a chat one (\"timestamp_us\")");
  EXPECT_EQ(format_of("nonsense").error(), "no valid JSON");
}

}  // namespace
}  // namespace wp::lab
