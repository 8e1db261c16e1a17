#include <algorithm>
#include <map>
#include <unordered_map>

#include <gtest/gtest.h>

#include "tools/lab/families/family.h"
#include "tools/lab/script_text.h"
#include "tools/lab/trace_builder.h"

namespace wp::lab {
namespace {

Script script_of(std::string_view family, std::uint64_t seed) {
  return make_script(*find_family(family), seed);
}

bool same(const Script& a, const Script& b) {
  const auto equal = [](const ScriptLine& x, const ScriptLine& y) {
    return x.at == y.at && x.session == y.session && x.output_tokens == y.output_tokens &&
           tokens_of(x.pieces) == tokens_of(y.pieces);
  };
  return a.replicas == b.replicas && a.prefill_rate == b.prefill_rate && std::ranges::equal(a.lines, b.lines, equal);
}

// Of all tokens, those of the longest beginning that some prompt before had, message by message.
double shared_tokens(const Script& script) {
  std::unordered_map<std::uint64_t, bool> seen;
  double shared = 0;
  double all = 0;
  for (const ScriptLine& line : script.lines) {
    std::uint64_t prefix = 0;
    for (const Piece& piece : line.pieces) {
      prefix = mix64(prefix ^ mix64(piece.text + piece.tokens));
      const auto [place, first] = seen.try_emplace(prefix, true);
      shared += first ? 0 : piece.tokens;
      all += piece.tokens;
    }
  }
  return shared / all;
}

TEST(Families, OfTheSameSeedAreTheSame) {
  for (const Family& family : all_families()) {
    const Script one = make_script(family, 1);
    EXPECT_TRUE(same(one, make_script(family, 1))) << family.name;
    EXPECT_FALSE(same(one, make_script(family, 2))) << family.name;
    EXPECT_EQ(find_family(family.name), &family);
  }
  EXPECT_EQ(find_family("none"), nullptr);
}

TEST(Families, StayWithinTheirRanges) {
  for (const Family& family : all_families()) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const Script script = make_script(family, seed);
      EXPECT_GE(script.replicas, 4U);
      EXPECT_LE(script.replicas, 64U);
      EXPECT_GE(script.lines.size(), 2'000U) << family.name;
      EXPECT_LE(script.lines.size(), 14'000U) << family.name;
      EXPECT_TRUE(std::ranges::is_sorted(script.lines, {}, &ScriptLine::at)) << family.name;
      for (const ScriptLine& line : script.lines) {
        ASSERT_FALSE(line.pieces.empty()) << family.name;
        ASSERT_NE(line.session, 0U) << family.name;
        ASSERT_FALSE(line.pieces.front().goes_on) << family.name;
        ASSERT_LE(tokens_of(line.pieces), 400'000U) << family.name << seed;
      }
    }
  }
}

TEST(Families, ShareWhatTheirNamesSay) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    EXPECT_EQ(shared_tokens(script_of("no-sharing", seed)), 0);
    EXPECT_NEAR(shared_tokens(script_of("low-sharing", seed)), 0.26, 0.01);
    EXPECT_GT(shared_tokens(script_of("agents", seed)), 0.8);

    const Script hot = script_of("hot-root", seed);
    for (const ScriptLine& line : hot.lines) ASSERT_EQ(line.pieces.front().text, hot.lines.front().pieces.front().text);

    const Script quarter = script_of("quarter", seed);
    EXPECT_EQ(quarter.replicas, 64U);
    std::map<std::uint64_t, std::size_t> beginnings;
    for (const ScriptLine& line : quarter.lines) ++beginnings[line.pieces.front().text];
    const auto most = std::ranges::max_element(beginnings, {}, [](const auto& each) { return each.second; });
    EXPECT_NEAR(static_cast<double>(most->second) / static_cast<double>(quarter.lines.size()), 0.25, 0.06);
  }
}

TEST(Families, ShortSessionsAreShortAndAgentsDropContext) {
  Script brief = script_of("short-sessions", 3);
  std::ranges::sort(brief.lines, {}, [](const ScriptLine& line) { return tokens_of(line.pieces); });
  EXPECT_LT(tokens_of(brief.lines[brief.lines.size() / 2].pieces), 400U);

  std::map<std::uint64_t, std::uint32_t> last;
  std::size_t grown = 0;
  std::size_t dropped = 0;
  for (const ScriptLine& line : script_of("agents", 3).lines) {
    std::uint32_t& before = last[line.session];
    const std::uint32_t tokens = tokens_of(line.pieces);
    ++(tokens < before ? dropped : grown);
    before = tokens;
  }
  EXPECT_GT(dropped, 10U);
  EXPECT_GT(grown, 5 * dropped);
}

TEST(Families, BurstsComeAtOnce) {
  const Script script = script_of("bursts", 1);
  std::map<std::uint64_t, std::pair<double, double>> bursts;  // first and last arrival, by the common beginning
  for (const ScriptLine& line : script.lines) {
    const auto [found, first] = bursts.try_emplace(line.pieces.front().text, line.at, line.at);
    found->second.second = line.at;
  }
  EXPECT_LT(bursts.size() * 3, script.lines.size());
  for (const auto& [prefix, times] : bursts) EXPECT_LT(times.second - times.first, 0.2);
}

TEST(ScriptText, PromptsShareTheBlocksOfTheirCommonPieces) {
  ScriptLine line;
  line.session = 1;
  line.sends_session = true;
  line.pieces = {{7, 60, Role::system}, {8, 70, Role::user}, {9, 10, Role::user, true}};
  std::string body;
  const ScriptText one = write_script_text(line, 16, body);
  EXPECT_EQ(one.tokens, 60 + 80 + 2 * kMessageTokens);
  EXPECT_EQ(one.blocks.size(), one.tokens / 16);
  EXPECT_EQ(body.substr(0, 39), R"({"messages":[{"role":"system","content")");
  EXPECT_EQ(body.find("role", body.find("user")), std::string::npos);  // the third piece goes on

  line.pieces[1].text = 10;
  const ScriptText two = write_script_text(line, 16, body);
  EXPECT_EQ(one.blocks[3], two.blocks[3]);  // 64 tokens: the system prompt and its marks
  EXPECT_NE(one.blocks[4], two.blocks[4]);
}

TEST(TraceBuilder, ReadsScripts) {
  ScriptLine line;
  line.session = 1;
  line.sends_session = true;
  line.pieces = {{7, 600, Role::system}, {8, 80, Role::user}};
  TraceBuilder builder({.block_tokens = 64}, "script");
  ASSERT_TRUE(builder.add(line));
  line.session = 2;
  line.sends_session = false;
  ASSERT_TRUE(builder.add(line));
  const Trace trace = builder.take();
  EXPECT_NE(trace.requests[0].features.session, 0U);
  EXPECT_EQ(trace.requests[1].features.session, 0U);
  EXPECT_NE(trace.requests[0].conversation, trace.requests[1].conversation);
  EXPECT_EQ(trace.repeated_blocks, trace.requests[1].blocks);
  EXPECT_NEAR(trace.requests[0].features.estimated_tokens, trace.requests[0].prompt_tokens, 8);
}

}  // namespace
}  // namespace wp::lab
