// Worked examples of the rivals that need no more than one: each line of the comment is one request.
#include <array>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/lab/world.h"
#include "tools/lab/rivals/longest_prefix.h"

namespace wp::lab {
namespace {

TEST(LeastOutstanding, TakesTheFewestRequestsUnderWay) {
  World world("least-outstanding", 3, {{1}, {2}, {3}, {4}, {5}});
  std::set<std::uint32_t> replicas;
  for (std::uint32_t i = 0; i < 3; ++i) replicas.insert(world.send(i));
  EXPECT_EQ(replicas.size(), 3U);  // 0 0 0 -> 1 1 1: each once
  const std::uint32_t fourth = world.send(3);
  world.first_byte(3);  // the first byte frees nothing
  EXPECT_NE(world.send(4), fourth);
}

TEST(Random, TakesEachAboutAsOften) {
  World world("random", 4, std::vector<std::vector<std::uint64_t>>(400, {1}));
  std::array<int, 4> taken{};
  for (std::uint32_t i = 0; i < 400; ++i) ++taken[world.send(i)];
  // Four standard deviations of a binomial of 400 and a quarter are 35.
  for (const int count : taken) EXPECT_NEAR(count, 100, 35);
}

TEST(FirstBlock, GoesByTheFirstBlockAlone) {
  std::vector<std::vector<std::uint64_t>> prompts = {{1, 2}, {1, 3}, {1, 4, 5}};
  for (std::uint64_t i = 100; i < 140; ++i) prompts.push_back({i, 2});
  World world("first-block", 4, prompts);
  const std::uint32_t one = world.send(0);
  EXPECT_EQ(world.send(1), one);
  EXPECT_EQ(world.send(2), one);
  std::set<std::uint32_t> replicas;
  for (std::uint32_t i = 3; i < prompts.size(); ++i) replicas.insert(world.send(i));
  EXPECT_EQ(replicas.size(), 4U);
}

TEST(SessionHash, MovesOnlyWhatItMustWhenOneLeaves) {
  std::vector<std::vector<std::uint64_t>> prompts;
  for (std::uint64_t i = 0; i < 60; ++i) prompts.push_back({1, 2, 3, 100 + i});
  World world("session-hash", 4, prompts);
  std::vector<std::uint32_t> before;
  for (std::uint32_t i = 0; i < prompts.size(); ++i) before.push_back(world.send(i));
  EXPECT_EQ(std::set<std::uint32_t>(before.begin(), before.end()).size(), 4U);
  world.gateway().set_standing(2, Standing::draining);
  for (std::uint32_t i = 0; i < prompts.size(); ++i) {
    const std::uint32_t now = world.send(i);
    if (before[i] == 2) {
      EXPECT_NE(now, 2U);
    } else {
      EXPECT_EQ(now, before[i]);
    }
  }
}

TEST(LongestPrefix, TakesTheWarmestThatHasNotDoneTooMuch) {
  // Prompts of 100 blocks are 51,200 tokens, below the slack of 65,536.
  std::vector<std::uint64_t> first;
  for (std::uint64_t i = 0; i < 100; ++i) first.push_back(i);
  std::vector<std::uint64_t> second = first;
  for (std::uint64_t i = 100; i < 200; ++i) second.push_back(i);
  std::vector<std::uint64_t> third = second;
  third.push_back(300);
  World world("longest-prefix", 2, {first, second, third, third});
  const std::uint32_t warm = world.send(0);  // both cold and idle: the first; work 51,200
  EXPECT_EQ(world.send(1), warm);            // 51,200 <= 1.05 * 25,600 + 65,536; work 102,400
  // 102,400 <= 1.05 * 51,200 + 65,536: still warm; one block is new, work 102,912.
  EXPECT_EQ(world.send(2), warm);
  EXPECT_EQ(world.send(3), warm);
}

TEST(LongestPrefix, LeavesTheWarmestOnceItHasDoneTooMuch) {
  std::vector<std::uint64_t> big;
  for (std::uint64_t i = 0; i < 300; ++i) big.push_back(i);
  World world("longest-prefix", 2, {big, big, big});
  const std::uint32_t warm = world.send(0);  // work 153,600; 1.05 * 76,800 + 65,536 = 146,176
  const std::uint32_t other = world.send(1);
  EXPECT_NE(other, warm);  // both have done the same now, and both have it all
  EXPECT_LT(world.send(2), 2U);
}

}  // namespace
}  // namespace wp::lab
