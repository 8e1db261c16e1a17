#include "tools/lab/trace_builder.h"

#include <gtest/gtest.h>

#include "tests/unit/lab/world.h"
#include "tools/lab/block_text.h"

namespace wp::lab {
namespace {

ChatLine text_line(std::int64_t at_us, std::string session, const std::string& text) {
  return {.at = micros(at_us),
          .session = std::move(session),
          .api = prompt::Api::completions,
          .body = R"({"prompt":")" + text + "\"}",
          .opening = text,
          .output_tokens = 0};
}

Trace chat_trace(const std::vector<ChatLine>& lines, const TraceConfig& config = {}) {
  TraceBuilder builder(config, "test");
  for (const ChatLine& line : lines) static_cast<void>(builder.add(line).value());
  return builder.take();
}

TEST(BlockText, HasTheLengthAndTheSharedPrefixOfItsBlocks) {
  std::string one;
  std::string two;
  const std::vector<std::uint64_t> first = {7, 8};
  const std::vector<std::uint64_t> second = {7, 9};
  append_block_text(first, 1000, 512, one);
  append_block_text(second, 600, 512, two);
  EXPECT_EQ(one.size(), 4000U);
  EXPECT_EQ(two.size(), 2400U);
  EXPECT_EQ(one.substr(0, 2048), two.substr(0, 2048));
  EXPECT_NE(one.substr(2048, 16), two.substr(2048, 16));
  EXPECT_EQ(one.find_first_not_of("abcdefghijklmnop"), std::string::npos);
}

TEST(TraceBuilder, ReadsFeaturesOfTheTextThatBlocksStandFor) {
  const Trace trace = trace_of({mooncake(0, {1, 2}), mooncake(1, {1, 3}), mooncake(2, {4})});
  const auto& requests = trace.requests;
  // The first chunk is 1 KiB: the first block's.
  EXPECT_EQ(requests[0].features.first_chunk, requests[1].features.first_chunk);
  EXPECT_NE(requests[0].features.first_chunk, requests[2].features.first_chunk);
  EXPECT_EQ(requests[0].features.session, 0U);
  EXPECT_NEAR(requests[0].features.estimated_tokens, 1024, 2);
}

TEST(TraceBuilder, CountsWhatAnEndlessSharedCacheWouldHave) {
  const Trace trace = trace_of({mooncake(0, {1, 2}), mooncake(1, {1, 2, 3}), mooncake(2, {1, 4})});
  EXPECT_EQ(trace.blocks.size(), 7U);
  EXPECT_EQ(trace.distinct_blocks, 4U);
  EXPECT_EQ(trace.repeated_blocks, 3U);  // 1 and 2 of the second, 1 of the third
  EXPECT_EQ(trace.prompt_tokens, 7U * 512);
}

TEST(TraceBuilder, OrdersRequestsByTimeFromZero) {
  const Trace trace = trace_of({mooncake(30, {1}), mooncake(10, {2, 3}), mooncake(30, {4})});
  ASSERT_EQ(trace.requests.size(), 3U);
  EXPECT_EQ(trace.requests[0].at, millis(0));
  EXPECT_EQ(trace.requests[0].blocks, 2U);
  EXPECT_EQ(trace.requests[1].at, millis(20));
  EXPECT_EQ(trace.blocks_of(trace.requests[1])[0], 1U);
  EXPECT_EQ(trace.blocks_of(trace.requests[2])[0], 4U);
}

TEST(TraceBuilder, TellsConversationsApartByHowPromptsBegin) {
  const Trace trace = trace_of({mooncake(0, {1, 2, 3, 4, 5}), mooncake(1, {1, 2, 3, 4, 6, 7}),
                                mooncake(2, {1, 2, 3, 8}), mooncake(3, {1}), mooncake(4, {1})});
  EXPECT_EQ(trace.requests[0].conversation, trace.requests[1].conversation);  // 2,048 tokens: four blocks
  EXPECT_NE(trace.requests[0].conversation, trace.requests[2].conversation);
  EXPECT_EQ(trace.requests[3].conversation, trace.requests[4].conversation);
}

TEST(TraceBuilder, CutsChatPromptsIntoBlocksThatChain) {
  const std::string shared(64 * 4, 'a');
  const Trace trace = chat_trace({text_line(0, "", shared), text_line(1, "", shared + std::string(64 * 4, 'b'))});
  EXPECT_EQ(trace.block_tokens, 16U);
  // The replica's tokenizer puts one mark before the text.
  EXPECT_EQ(trace.requests[0].prompt_tokens, 65U);
  EXPECT_EQ(trace.requests[0].blocks, 4U);
  EXPECT_EQ(trace.requests[1].blocks, 8U);
  EXPECT_EQ(trace.repeated_blocks, 4U);
  EXPECT_EQ(trace.requests[0].output_tokens, 256U);
}

TEST(TraceBuilder, SendsHidesOrMakesSessions) {
  const std::vector<ChatLine> lines = {text_line(0, "s", "one"), text_line(1, "s", "two"), text_line(2, "", "two")};
  const Trace as_is = chat_trace(lines);
  EXPECT_NE(as_is.requests[0].features.session, 0U);
  EXPECT_EQ(as_is.requests[0].features.session, as_is.requests[1].features.session);
  EXPECT_EQ(as_is.requests[2].features.session, 0U);
  EXPECT_EQ(as_is.requests[0].conversation, as_is.requests[1].conversation);
  EXPECT_NE(as_is.requests[1].conversation, as_is.requests[2].conversation);

  const Trace hidden = chat_trace(lines, {.sessions = Sessions::hidden});
  for (const TraceRequest& request : hidden.requests) EXPECT_EQ(request.features.session, 0U);
  EXPECT_EQ(hidden.requests[0].conversation, hidden.requests[1].conversation);

  const Trace sent = chat_trace(lines, {.sessions = Sessions::sent});
  for (const TraceRequest& request : sent.requests) EXPECT_NE(request.features.session, 0U);
  EXPECT_EQ(sent.requests[0].features.session, as_is.requests[0].features.session);
}

TEST(TraceBuilder, SaysWhyARequestIsNone) {
  TraceBuilder builder({}, "test");
  ChatLine line = text_line(0, "", "x");
  line.body = R"({"prompt":{}})";
  const auto added = builder.add(line);
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().find("prompt"), std::string::npos) << added.error();
}

}  // namespace
}  // namespace wp::lab
