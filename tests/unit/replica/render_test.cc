#include "tools/replica/render.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tools/replica/reply_text.h"

namespace wp::replica {
namespace {

using nlohmann::json;

std::vector<Token> prompt_of(std::string_view path, const json& body) {
  auto ask = find_api(path)->parse(body);
  EXPECT_TRUE(ask) << (ask ? "" : ask.error().message);
  return ask ? ask->prompt : std::vector<Token>{};
}

bool is_prefix(const std::vector<Token>& head, const std::vector<Token>& whole) {
  return head.size() <= whole.size() && std::equal(head.begin(), head.end(), whole.begin());
}

// The prompt of the next turn begins with this turn's prompt and reply, when the client sends the reply back as it was.
// `roles`: the API's field of turns.
void expect_growing_prefix(std::string_view path, json body, const char* turns) {
  for (std::uint32_t turn = 0; turn < 5; ++turn) {
    std::vector<Token> prompt = prompt_of(path, body);
    const std::string reply = make_reply(turn, 1 + turn * 7);
    std::vector<Token> computed = prompt;
    append(computed, reply);
    ASSERT_EQ(computed.size(), prompt.size() + 1 + turn * 7);

    body[turns].push_back({{"role", "assistant"}, {"content", reply}});
    body[turns].push_back({{"role", "user"}, {"content", std::string(turn + 1, 'x') + " and then?"}});
    EXPECT_TRUE(is_prefix(computed, prompt_of(path, body))) << "turn " << turn;
  }
}

TEST(Render, NextChatTurnExtendsPromptAndReply) {
  expect_growing_prefix("/v1/chat/completions",
                        {{"tools", json::array({{{"type", "function"}, {"function", {{"name", "look"}}}}})},
                         {"messages", json::array({{{"role", "system"}, {"content", "Be brief!"}},
                                                   {{"role", "user"}, {"content", "héllo"}}})}},
                        "messages");
}

TEST(Render, NextAnthropicTurnExtendsPromptAndReply) {
  expect_growing_prefix("/v1/messages",
                        {{"max_tokens", 5},
                         {"system", json::array({{{"type", "text"}, {"text", "Be kind"}}})},
                         {"messages", json::array({{{"role", "user"}, {"content", "hi"}}})}},
                        "messages");
}

TEST(Render, NextResponsesTurnExtendsPromptAndReply) {
  expect_growing_prefix(
      "/v1/responses", {{"instructions", "Be exact."}, {"input", json::array({{{"role", "user"}, {"content", "hi"}}})}},
      "input");
}

TEST(Render, OrderOfKeysDoesNotMatter) {
  const auto one = json::parse(R"({"model":"m","tools":[{"type":"function","function":{"name":"f","strict":true}}],
    "messages":[{"role":"user","content":"hi"}]})");
  const auto two = json::parse(R"({"messages":[{"content":"hi","role":"user"}],
    "tools":[{"function":{"strict":true,"name":"f"},"type":"function"}],"model":"m"})");
  EXPECT_EQ(prompt_of("/v1/chat/completions", one), prompt_of("/v1/chat/completions", two));
}

TEST(Render, ToolsStandBeforeTheTurns) {
  const json plain = {{"messages", json::array({{{"role", "user"}, {"content", "hi"}}})}};
  json with_tools = plain;
  with_tools["tools"] = json::array({{{"type", "function"}}});
  const auto prompt = prompt_of("/v1/chat/completions", with_tools);
  EXPECT_EQ(prompt[0], token_of(Mark::begin));
  EXPECT_EQ(prompt[1], token_of(Mark::tools));
  EXPECT_EQ(prompt_of("/v1/chat/completions", plain)[1], token_of(Mark::user));
}

TEST(Render, TextPartsAreTheTextTheyHold) {
  const json whole = {{"messages", json::array({{{"role", "user"}, {"content", "one two three"}}})}};
  const json parts = {
      {"messages",
       json::array({{{"role", "user"}, {"content", json::array({{{"type", "text"}, {"text", "one two three"}}})}}})}};
  EXPECT_EQ(prompt_of("/v1/chat/completions", whole), prompt_of("/v1/chat/completions", parts));
}

TEST(Render, RolesAndTextsNeverMix) {
  // The same bytes under another role, and a text cut elsewhere, are other prompts.
  const json user = {{"messages", json::array({{{"role", "user"}, {"content", "abcdef"}}})}};
  const json system = {{"messages", json::array({{{"role", "system"}, {"content", "abcdef"}}})}};
  const json two = {
      {"messages", json::array({{{"role", "user"}, {"content", "abc"}}, {{"role", "user"}, {"content", "def"}}})}};
  EXPECT_NE(prompt_of("/v1/chat/completions", user), prompt_of("/v1/chat/completions", system));
  EXPECT_NE(prompt_of("/v1/chat/completions", user), prompt_of("/v1/chat/completions", two));
}

TEST(Render, RefusesWhatIsNoConversation) {
  const std::vector<std::pair<json, std::string>> cases = {
      {json::object(), "messages"},
      {{{"messages", json::array()}}, "messages"},
      {{{"messages", "hi"}}, "messages"},
      {{{"messages", json::array({"hi"})}}, "messages"},
      {{{"messages", json::array({{{"role", "wizard"}, {"content", "hi"}}})}}, "messages"},
      {{{"messages", json::array({{{"role", "user"}, {"content", 5}}})}}, "messages"},
      {{{"messages", json::array({{{"role", "user"}, {"content", "x"}}})}, {"max_tokens", 0}}, "max_tokens"},
      {{{"messages", json::array({{{"role", "user"}, {"content", "x"}}})}, {"stream", "yes"}}, "stream"},
      {{{"messages", json::array({{{"role", "user"}, {"content", "x"}}})}, {"n", 2}}, "n"},
      {{{"messages", json::array({{{"role", "user"}, {"content", "x"}}})}, {"tools", "x"}}, "tools"},
  };
  for (const auto& [body, param] : cases) {
    const auto ask = find_api("/v1/chat/completions")->parse(body);
    ASSERT_FALSE(ask) << body;
    EXPECT_EQ(ask.error().status, 400) << body;
    EXPECT_EQ(ask.error().param, param) << body;
  }
}

TEST(Tokenizer, FourBytesAToken) {
  std::vector<Token> tokens;
  append(tokens, "abcdefgh");
  EXPECT_EQ(tokens, (std::vector<Token>{0x61626364, 0x65666768}));
  tokens.clear();
  append(tokens, "");
  EXPECT_TRUE(tokens.empty());
  append(tokens, "abcde");
  EXPECT_EQ(tokens.size(), 2U);
  EXPECT_EQ(token_count("abcde"), 2U);
}

TEST(Tokenizer, ShortPiecesDoNotCollide) {
  std::vector<Token> tokens;
  for (const char* text : {"a", "a ", "a  ", "a   "}) append(tokens, text);
  append(tokens, std::string_view("a\0", 2));
  append(tokens, std::string_view("a\0\0", 3));
  std::sort(tokens.begin(), tokens.end());
  EXPECT_EQ(std::adjacent_find(tokens.begin(), tokens.end()), tokens.end());
}

TEST(ReplyText, HasTheTokensAskedForAndSurvivesTheWayBack) {
  for (std::uint32_t n = 1; n < 200; ++n) {
    const std::string text = make_reply(n, n);
    ASSERT_EQ(text.size(), std::size_t{n} * kBytesPerToken);
    EXPECT_EQ(text.back(), '.');
    EXPECT_TRUE(text.front() >= 'a' && text.front() <= 'z');
    EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz ."), std::string::npos);
    EXPECT_EQ(token_count(text), n);
  }
  EXPECT_EQ(make_reply(7, 50), make_reply(7, 50));
  EXPECT_NE(make_reply(7, 50), make_reply(8, 50));
}

}  // namespace
}  // namespace wp::replica
