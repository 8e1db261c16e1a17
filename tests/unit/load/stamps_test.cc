#include "tools/load/stamps.h"

#include <vector>

#include <gtest/gtest.h>

namespace wp::load {
namespace {

struct Taken {
  std::string rest;
  std::vector<std::int64_t> times;
};

Taken feed(std::string_view text, std::size_t piece) {
  Stamps stamps;
  Taken taken;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    EXPECT_TRUE(stamps.feed(
        text.substr(0, piece),
        [&](std::string_view rest) {
          taken.rest += rest;
          return true;
        },
        [&](Instant at) { taken.times.push_back(at.ns); }));
  }
  return taken;
}

TEST(Stamps, AreTakenOutHoweverTheBytesAreCut) {
  constexpr std::string_view kText = ": 17\ndata: a\n\ndata: :1\n\n: 9000000000\ndata: b\n\n";
  for (std::size_t piece = 1; piece <= kText.size(); ++piece) {
    const Taken taken = feed(kText, piece);
    EXPECT_EQ(taken.rest, "data: a\n\ndata: :1\n\ndata: b\n\n");
    EXPECT_EQ(taken.times, (std::vector<std::int64_t>{17, 9'000'000'000}));
  }
}

TEST(Stamps, LeaveOtherCommentsToTheCheck) {
  for (const std::string_view text : {": ping\n\n", ":\n", ": 12 x\n", ":12\n"}) {
    EXPECT_EQ(feed(text, text.size()).rest, text);
    EXPECT_TRUE(feed(text, 1).times.empty());
  }
}

TEST(Stamps, EndWhenTheCheckDoes) {
  Stamps stamps;
  EXPECT_FALSE(stamps.feed("data: x\n", [](std::string_view) { return false; }, [](Instant) {}));
}

}  // namespace
}  // namespace wp::load
