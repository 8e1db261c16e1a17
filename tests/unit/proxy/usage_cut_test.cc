#include "dataplane/proxy/usage_cut.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wp::proxy {
namespace {

constexpr std::string_view kToken = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
constexpr std::string_view kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n";
constexpr std::string_view kDone = "data: [DONE]\n\n";

struct Passed {
  std::string text;
  std::uint32_t events = 0;
  std::uint32_t most_held = 0;
  bool cut = false;
};

Passed pass(std::string_view stream, std::size_t piece) {
  stream::SlicePool slabs(4, 4096);
  http::SseScanner scanner;
  ReplyUsage usage;
  usage.begin(prompt::Api::chat_completions, ReplyUsage::Form::events);
  UsageCut cut;
  cut.begin();
  Passed passed;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    // Memory of its own, so that a sanitizer sees whoever reads beyond it.
    const std::vector<char> exact(stream.begin() + static_cast<std::ptrdiff_t>(at),
                                  stream.begin() + static_cast<std::ptrdiff_t>(std::min(at + piece, stream.size())));
    const stream::Bytes bytes = std::as_bytes(std::span(exact));
    const UsageCut::Plan plan = cut.take(bytes, scanner, usage);
    if (plan.release) passed.text += stream::as_text(cut.held().bytes());
    if (plan.release || plan.drop) cut.let_go();
    passed.text += stream::as_text(bytes.first(plan.drop_from));
    passed.text += stream::as_text(bytes.subspan(plan.drop_to, plan.hold_from - plan.drop_to));
    if (plan.hold_from < bytes.size()) cut.hold(bytes.subspan(plan.hold_from), slabs);
    passed.most_held = std::max(passed.most_held, cut.held().size());
    passed.events += plan.events;
  }
  passed.text += stream::as_text(cut.held().bytes());
  passed.cut = cut.cut();
  EXPECT_TRUE(!passed.cut || usage.usage().has_value());
  return passed;
}

// The same, however it is cut.
std::string passed(std::string_view stream) {
  const Passed whole = pass(stream, stream.size());
  for (std::size_t piece = 1; piece < stream.size(); piece += piece < 40 ? 1 : 13) {
    const Passed cut = pass(stream, piece);
    EXPECT_EQ(cut.text, whole.text) << piece;
    EXPECT_EQ(cut.events, whole.events) << piece;
    EXPECT_EQ(cut.cut, whole.cut) << piece;
  }
  return whole.text;
}

std::string join(std::initializer_list<std::string_view> pieces) {
  std::string all;
  for (const std::string_view piece : pieces) all += piece;
  return all;
}

TEST(UsageCut, TheChunkWithUsageAndNoChoicesIsTakenOut) {
  EXPECT_EQ(passed(join({kToken, kToken, kUsage, kDone})), join({kToken, kToken, kDone}));
  EXPECT_EQ(passed(join({kUsage, kDone})), kDone);
  EXPECT_EQ(passed(join({kToken, kUsage})), kToken);
  EXPECT_EQ(pass(join({kToken, kUsage, kDone}), 9999).events, 2U);
}

TEST(UsageCut, WithItGoesItsWholeEvent) {
  const std::string crlf = "id: 7\r\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":9}}\r\n\r\n";
  EXPECT_EQ(passed(join({"data: 1\r\n\r\n", crlf, "data: 2\r\n\r\n"})), "data: 1\r\n\r\ndata: 2\r\n\r\n");
  EXPECT_EQ(passed(join({crlf, "data: 1\r\n\r\n", "data: 2\r\n\r\n"})), "data: 1\r\n\r\ndata: 2\r\n\r\n");
  const std::string cr = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9}}\r\r";
  EXPECT_EQ(passed(join({cr, "data: 2\r\r"})), "data: 2\r\r");
  EXPECT_EQ(passed(join({cr, "\n\ndata: 2\n\n"})), "\ndata: 2\n\n");
}

TEST(UsageCut, AllElseGoesOnAsItCame) {
  for (const std::string_view other : {
           std::string_view("data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":9}}\n\n"),  // a token's
           std::string_view("data: {\"choices\":[],\"usage\":null}\n\n"),
           std::string_view("data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n"),
           std::string_view("data: {\"usage\":{\"prompt_tokens\":9}}\n\n"),
           std::string_view("data: {\"error\":{\"message\":\"\\\"choices\\\":[],\\\"usage\\\":{}\"}}\n\n"),
           std::string_view(": a comment\n\n\n\nid: 1\nretry: 5\n\nevent\n\n"),
           std::string_view("data: {\"choices\":[],\ndata: \"usage\":{\"prompt_tokens\":9}}\n\n"),
           std::string_view("data: {\"choices\":[{\"a\":1}]}\ndata: {\"choices\":[],\"usage\":{}}\n\n"),
       }) {
    const std::string stream = join({kToken, other, kDone, "data: {\"choi"});
    EXPECT_EQ(passed(stream), stream);
  }
}

TEST(UsageCut, OnlyOneIsTakenOut) {
  EXPECT_EQ(passed(join({kUsage, kToken, kUsage, kDone})), join({kToken, kUsage, kDone}));
}

TEST(UsageCut, OfAnEventThatIsCutLittleIsHeldAndNotForLong) {
  const std::string text(3000, 'x');
  const std::string token = "data: {\"id\":\"1\",\"choices\":[{\"delta\":{\"content\":\"" + text + "\"}}]}\n\n";
  const std::string late = "data: {\"content\":\"" + text + "\",\"choices\":[],\"usage\":{\"prompt_tokens\":9}}\n\n";
  EXPECT_LE(pass(token, 1).most_held, 40U) << "its choices tell it";
  const Passed given_up = pass(late, 100);
  EXPECT_LE(given_up.most_held, UsageCut::kMostHeld);
  EXPECT_EQ(given_up.text, late);
}

}  // namespace
}  // namespace wp::proxy
