#include "tools/load/trace_workload.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace wp::load {
namespace {

// A file that is gone when the test ends.
class TraceFile {
 public:
  explicit TraceFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("trace-workload-test-" + std::to_string(getpid()))) {
    std::ofstream(path_) << text;
  }
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;
  ~TraceFile() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

struct Read {
  std::vector<Request> requests;
  std::string failure;
};

Read read(const std::string& text, const WorkloadConfig& config = {}) {
  const TraceFile file(text);
  const auto workload = TraceWorkload::open(file.path(), config);
  EXPECT_TRUE(workload) << workload.error();
  Read all;
  while (auto request = (*workload)->next()) all.requests.push_back(std::move(*request));
  all.failure = (*workload)->failure();
  return all;
}

TEST(TraceWorkload, MooncakeBlocksBecomeSharedText) {
  const Read all = read(
      "{\"timestamp\":1000,\"input_length\":1000,\"output_length\":7,\"hash_ids\":[1,2]}\n\n"
      "{\"timestamp\":3500,\"input_length\":600,\"output_length\":0,\"hash_ids\":[1,3]}\n");
  ASSERT_EQ(all.requests.size(), 2U) << all.failure;
  EXPECT_EQ(all.failure, "");
  const Request& first = all.requests[0];
  const Request& second = all.requests[1];
  EXPECT_EQ(first.at, Duration{});
  EXPECT_EQ(second.at, millis(2500));
  ASSERT_NE(first.expected, nullptr);
  EXPECT_EQ(first.expected->answer.reply_tokens, 7U);
  EXPECT_EQ(second.expected->answer.reply_tokens, 1U);
  EXPECT_GE(first.expected->answer.prompt_tokens, 1000U);
  EXPECT_LT(first.expected->answer.prompt_tokens, 1010U);
  const std::size_t same =
      static_cast<std::size_t>(std::ranges::mismatch(*first.body, *second.body).in1 - first.body->begin());
  EXPECT_GE(same, 512U * 4);
  EXPECT_LT(same, 512U * 4 + 100);
}

TEST(TraceWorkload, ChatRequestsKeepTheirWordsAndSession) {
  WorkloadConfig config;
  config.style.model = "mine";
  const Read all = read(R"({"timestamp_us":5,"session":"s-1","output_tokens":3,)"
                        R"("body":{"model":"theirs","messages":[{"role":"user","content":"a \"b\""}]}})"
                        "\n"
                        R"({"timestamp_us":2000005,"session":7,"input":"all of it","output_chars":40})"
                        "\n",
                        config);
  ASSERT_EQ(all.requests.size(), 2U) << all.failure;
  const auto body = nlohmann::json::parse(*all.requests[0].body);
  EXPECT_EQ(body["model"], "mine");
  EXPECT_EQ(body["messages"][0]["content"], "a \"b\"");
  EXPECT_EQ(body["max_tokens"], 3);
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(all.requests[0].session, "s-1");
  EXPECT_EQ(all.requests[1].path, "/v1/completions");
  EXPECT_EQ(all.requests[1].session, "7");
  EXPECT_EQ(all.requests[1].at, seconds(2));
  EXPECT_EQ(all.requests[1].expected->answer.reply_tokens, 10U);
}

TEST(TraceWorkload, TimesNeverGoBack) {
  const Read all = read(
      "{\"timestamp_us\":5000000,\"input\":\"a\"}\n{\"timestamp_us\":9000000,\"input\":\"b\"}\n"
      "{\"timestamp_us\":1000000,\"input\":\"c\"}\n");
  ASSERT_EQ(all.requests.size(), 3U);
  EXPECT_EQ(all.requests[1].at, seconds(4));
  EXPECT_EQ(all.requests[2].at, seconds(4));
}

TEST(TraceWorkload, ABadLineEndsItAndIsNamed) {
  const Read all = read("{\"timestamp_us\":1,\"input\":\"a\"}\n{\"timestamp_us\":1}\n");
  EXPECT_EQ(all.requests.size(), 1U);
  EXPECT_NE(all.failure.find(":2: "), std::string::npos) << all.failure;
  EXPECT_NE(read("{}\n").failure, "");
  EXPECT_NE(read("{\"timestamp_us\":1,\"session\":\"a b\",\"input\":\"a\"}\n").failure, "");
  EXPECT_FALSE(TraceWorkload::open("/nowhere/at/all", {}));
}

}  // namespace
}  // namespace wp::load
