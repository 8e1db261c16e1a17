#include "tools/load/reply_check.h"

#include <gtest/gtest.h>

#include "tools/load/workload.h"

namespace wp::load {
namespace {

constexpr const char* kId = "0123456789abcdef01234567";

std::shared_ptr<const Expectation> expected_of(bool stream, bool usage = false) {
  ChatStyle style;
  style.stream = stream;
  style.usage = usage;
  style.reply_tokens = 5;
  return *expect_reply(kChatPath, chat_body(style, message_json({"user", words(1, 20)})), {});
}

// What a replica sends.
std::string body_of(const Expectation& expected) {
  replica::Answer answer = expected.answer;
  answer.id = kId;
  answer.created = 1'700'000'000;
  if (!answer.ask.stream) return expected.api->whole(answer);
  std::string body;
  expected.api->stream_begin(answer, body);
  for (std::uint32_t i = 0; i < answer.reply_tokens; ++i) expected.api->stream_token(answer, i, body);
  expected.api->stream_end(answer, body);
  return body;
}

bool takes(ReplyCheck& check, std::string_view body, std::size_t piece) {
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
    if (!check.feed(body.substr(0, piece))) return false;
  }
  return check.finish();
}

TEST(ExactCheck, TakesTheRightReplyCutAnywhere) {
  for (const bool stream : {true, false}) {
    const auto expected = expected_of(stream, true);
    const std::string body = body_of(*expected);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100}, body.size()}) {
      ExactCheck check(*expected, 0);
      EXPECT_TRUE(takes(check, body, piece)) << check.flaw();
      EXPECT_EQ(check.tokens(), stream ? 5U : 0U);
    }
  }
}

TEST(ExactCheck, RefusesEveryByteThatIsAnother) {
  for (const bool stream : {true, false}) {
    const auto expected = expected_of(stream);
    const std::string body = body_of(*expected);
    std::size_t own = 0;  // bytes that are the reply's own: id and time
    for (std::size_t at = 0; at < body.size(); ++at) {
      std::string wrong = body;
      wrong[at] = wrong[at] == '9' ? '8' : '9';
      ExactCheck check(*expected, 0);
      if (takes(check, wrong, 64)) ++own;
    }
    // A stream repeats both in each event: another in the first is another in all.
    EXPECT_EQ(own, stream ? 0U : 24U + 10U);
  }
}

TEST(ExactCheck, RefusesLessAndMore) {
  const auto expected = expected_of(true);
  const std::string body = body_of(*expected);
  ExactCheck less(*expected, 0);
  EXPECT_FALSE(takes(less, body.substr(0, body.size() - 1), 64));
  ExactCheck more(*expected, 0);
  EXPECT_FALSE(takes(more, body + "\n", 64));
  ExactCheck nothing(*expected, 0);
  EXPECT_FALSE(nothing.finish());
}

TEST(ExactCheck, CountsATokenWhenItsEventIsWhole) {
  const auto expected = expected_of(true);
  const std::string body = body_of(*expected);
  ExactCheck check(*expected, 0);
  const std::size_t first = body.find("\n\n", body.find("\n\n") + 2) + 2;
  ASSERT_TRUE(check.feed(std::string_view(body).substr(0, first - 1)));
  EXPECT_EQ(check.tokens(), 0U);
  ASSERT_TRUE(check.feed(std::string_view(body).substr(first - 1, 1)));
  EXPECT_EQ(check.tokens(), 1U);
}

TEST(ShapeCheck, CountsTextAndReadsUsage) {
  const std::string body =
      "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\n: a comment\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n"
      "data: [DONE]\n\n";
  ShapeCheck check(true);
  EXPECT_TRUE(takes(check, body, 5)) << check.flaw();
  EXPECT_EQ(check.tokens(), 2U);
  EXPECT_TRUE(check.told().known);
  EXPECT_EQ(check.told().prompt_tokens, 9U);
  EXPECT_EQ(check.told().cached_tokens, 4U);
}

TEST(ShapeCheck, RefusesWhatIsBrokenOrEndsEarly) {
  ShapeCheck no_end(true);
  EXPECT_FALSE(takes(no_end, "data: {\"choices\":[]}\n\n", 100));
  ShapeCheck broken(true);
  EXPECT_FALSE(takes(broken, "data: {\"choices\":\n\ndata: [DONE]\n\n", 100));
  ShapeCheck behind(true);
  EXPECT_FALSE(takes(behind, "data: [DONE]\n\ndata: {}\n\n", 100));
  ShapeCheck whole(false);
  EXPECT_FALSE(takes(whole, "{\"choices\":[", 100));
  ShapeCheck good(false);
  EXPECT_TRUE(takes(good, "{\"choices\":[]}", 3));
}

}  // namespace
}  // namespace wp::load
