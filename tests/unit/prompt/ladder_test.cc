#include "dataplane/prompt/ladder.h"

#include <algorithm>
#include <ranges>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

using testing::kKey;

// Rungs of a prompt; copies, the extractor being gone.
struct Rungs {
  std::vector<Rung> ladder;
  std::vector<Rung> ends;
  std::uint64_t bytes = 0;
  std::uint64_t derived_session = 0;
  std::uint64_t first_chunk = 0;
};

Rungs rungs(Api api, std::string_view body) {
  testing::Reading reading;
  const auto features = reading.read(api, body);
  if (!features) {
    ADD_FAILURE() << word(features.error().reason) << " for " << body;
    return {};
  }
  const auto copy = [](std::span<const Rung> from) { return std::vector(from.begin(), from.end()); };
  return {copy(features->ladder), copy(features->ends), features->canonical_bytes, features->derived_session,
          features->first_chunk};
}

bool contains(const std::vector<Rung>& rungs, const Rung& rung) {
  return std::ranges::find(rungs, rung) != rungs.end();
}

// A conversation of the first `turns` of endless ones, each of its own length.
std::string conversation(std::size_t turns, std::string_view system = "Be brief.") {
  std::string body = R"({"model":"m","messages":[{"role":"system","content":")" + std::string(system) + "\"}";
  for (std::size_t i = 0; i < turns; ++i) {
    body += R"(,{"role":")" + std::string(i % 2 == 0 ? "user" : "assistant") + R"(","content":")" +
            std::string(37 * i + 11, static_cast<char>('a' + i % 26)) + "\"}";
  }
  return body + "]}";
}

TEST(Ladder, HashesPrefixesOfTheStream) {
  CanonicalSink sink;
  sink.start();
  std::string stream;
  for (const std::size_t size : {10U, 300U, 1U, 100'000U, 129U, 64U}) {
    stream += std::string(size, static_cast<char>('a' + size % 26)) + '\xF8';
  }
  std::size_t at = 0;
  while (at < stream.size()) {
    const std::size_t end = stream.find('\xF8', at);
    sink.text(std::string_view(stream).substr(at, end - at));
    at = end + 1;
  }
  const auto segments = sink.finish();
  for (const std::int64_t units : {std::int64_t{1}, std::int64_t{63}, std::int64_t{4096}, Budget::kAll}) {
    Ladder ladder;
    ladder.start(kKey, sink.marks(), segments, sink.bytes());
    std::uint64_t steps = 0;
    for (bool done = false; !done; ++steps) {
      Budget budget(units);
      done = ladder.step(budget);
    }
    EXPECT_GE(steps, stream.size() / static_cast<std::uint64_t>(units));
    ASSERT_EQ(ladder.ladder().size(), 28U);
    for (const Rung& rung : ladder.ladder()) {
      EXPECT_EQ(rung.hash, keyed_hash(kKey, std::string_view(stream).substr(0, rung.end))) << rung.end;
    }
    EXPECT_EQ(ladder.first_chunk(), keyed_hash(kKey, std::string_view(stream).substr(0, kFirstChunkBytes)));
  }
}

TEST(Ladder, GrowsByAQuarterFrom256Bytes) {
  const std::string text(10'000, 'x');
  std::vector<std::uint32_t> ends;
  for (const Rung& rung : rungs(Api::completions, R"({"prompt":")" + text + "\"}").ladder) ends.push_back(rung.end);
  EXPECT_EQ(ends, (std::vector<std::uint32_t>{256, 320, 400, 500, 625, 781, 976, 1220, 1525, 1906, 2382, 2977, 3721,
                                              4651, 5813, 7266, 9082, 10'003}));
}

// Both kinds ascend, stay inside the stream and under the bound.
TEST(Ladder, AscendsAndIsBounded) {
  for (const std::string& body : {std::string("{}"), conversation(0), conversation(1), conversation(40),
                                  conversation(3, std::string(7'000'000, 's')), conversation(400)}) {
    const Rungs made = rungs(Api::chat_completions, body);
    EXPECT_LE(made.ladder.size() + made.ends.size(), kMaxRungs);
    for (const std::vector<Rung>* list : {&made.ladder, &made.ends}) {
      std::uint32_t last = 0;
      for (const Rung& rung : *list) {
        EXPECT_GT(rung.end, last);
        EXPECT_LE(rung.end, made.bytes);
        EXPECT_NE(rung.hash, 0U);
        last = rung.end;
      }
    }
  }
}

TEST(Ladder, StopsBeforeItHasTooManyRungs) {
  CanonicalSink sink;
  sink.start();
  const std::string text(40'000'000, 'x');
  sink.begin_turn(false);
  sink.text(text);
  sink.end_turn(true);
  Ladder ladder;
  ladder.start(kKey, sink.marks(), sink.finish(), sink.bytes());
  Budget all(Budget::kAll);
  ASSERT_TRUE(ladder.step(all));
  EXPECT_EQ(ladder.ladder().size(), 53U + 1) << "the question's end is there nevertheless";
  EXPECT_EQ(ladder.ladder().back().end, sink.bytes());
  EXPECT_LE(ladder.ladder().size() + ladder.ends().size(), kMaxRungs);
}

// The same prefix has the same rungs, whatever follows: all rungs of the shorter conversation that the longer one
// reaches are among its own.
TEST(Ladder, IsKeptByWhatFollows) {
  for (std::size_t turns = 1; turns < 30; ++turns) {
    const Rungs shorter = rungs(Api::chat_completions, conversation(turns));
    const Rungs longer = rungs(Api::chat_completions, conversation(turns + 1));
    for (const Rung& rung : shorter.ladder) EXPECT_TRUE(contains(longer.ladder, rung)) << turns << ' ' << rung.end;
    EXPECT_TRUE(contains(longer.ends, shorter.ends.back())) << "where the longer one leaves the shorter one";
    EXPECT_EQ(shorter.derived_session, longer.derived_session);
  }
  const Rungs preamble = rungs(Api::chat_completions, conversation(0));
  EXPECT_TRUE(contains(rungs(Api::chat_completions, conversation(1)).ladder, preamble.ladder.back()));
}

TEST(Ladder, TellsPromptsApartWhereTheyDiffer) {
  const std::string system(3000, 's');
  const Rungs one = rungs(Api::chat_completions, R"({"messages":[{"role":"system","content":")" + system +
                                                     R"("},{"role":"user","content":"one"}]})");
  const Rungs two = rungs(Api::chat_completions, R"({"messages":[{"role":"system","content":")" + system +
                                                     R"("},{"role":"user","content":"two"}]})");
  ASSERT_EQ(one.ladder.size(), two.ladder.size());
  for (std::size_t i = 0; i < one.ladder.size(); ++i) {
    EXPECT_EQ(one.ladder[i] == two.ladder[i], i + 1 < one.ladder.size()) << i;
  }
  EXPECT_NE(one.derived_session, two.derived_session);
  EXPECT_EQ(one.first_chunk, two.first_chunk);
}

TEST(Ladder, HasTheEndsOfPreambleAndQuestion) {
  const std::string preamble =
      "\xF9mm\xF8\xF9rsystem\xF8\xF9"
      "cBe brief.\xF8\xFA";
  const std::string question = preamble +
                               "\xF9ruser\xF8\xF9"
                               "caaaaaaaaaaa\xF8\xFA";
  const Rungs made = rungs(Api::chat_completions, conversation(3));
  EXPECT_EQ(made.ladder[0], (Rung{keyed_hash(kKey, preamble), static_cast<std::uint32_t>(preamble.size())}));
  EXPECT_EQ(made.ladder[1], (Rung{keyed_hash(kKey, question), static_cast<std::uint32_t>(question.size())}));
  EXPECT_EQ(made.derived_session, made.ladder[1].hash);
}

TEST(Ladder, SaysWhichRungsCutSomething) {
  const Rungs made = rungs(Api::chat_completions, conversation(20));
  EXPECT_FALSE(made.ladder[0].cut);
  EXPECT_FALSE(made.ladder[1].cut);
  ASSERT_GT(made.ladder.size(), 2U);
  for (const Rung& rung : std::span(made.ladder).subspan(2)) EXPECT_TRUE(rung.cut) << rung.end;
  for (const Rung& end : made.ends) EXPECT_FALSE(end.cut) << end.end;
}

TEST(Ladder, KeepsTheEndsOfTheLastTurns) {
  std::vector<std::uint32_t> all;
  for (std::size_t turns = 0; turns <= 20; ++turns) {
    const Rungs made = rungs(Api::chat_completions, conversation(turns));
    all.push_back(static_cast<std::uint32_t>(made.bytes));
    const std::size_t kept = std::min<std::size_t>(all.size(), kTurnEnds + 1);
    std::vector<std::uint32_t> ends;
    for (const Rung& rung : made.ends) ends.push_back(rung.end);
    EXPECT_EQ(ends, std::vector(all.end() - static_cast<std::ptrdiff_t>(kept), all.end())) << turns;
  }
}

TEST(Ladder, OfAPromptWithoutTurnsIsItsBeginning) {
  const std::string text(5000, 'p');
  const Rungs one = rungs(Api::completions, R"({"model":"m","prompt":")" + text + "\"}");
  const Rungs two = rungs(Api::completions, R"({"model":"m","prompt":")" + text + "and more\"}");
  EXPECT_EQ(one.derived_session, two.derived_session);
  EXPECT_EQ(one.derived_session, one.first_chunk);
  EXPECT_EQ(one.ladder.front().end, 4U) << "the model is all of the preamble";
  for (const Rung& rung : one.ladder | std::views::take(one.ladder.size() - 1)) {
    EXPECT_TRUE(contains(two.ladder, rung)) << rung.end;
  }
}

TEST(Ladder, OfNothingIsEmpty) {
  const Rungs made = rungs(Api::chat_completions, "{}");
  EXPECT_TRUE(made.ladder.empty() && made.ends.empty());
  EXPECT_EQ(made.derived_session, made.first_chunk);
}

}  // namespace
}  // namespace wp::prompt
