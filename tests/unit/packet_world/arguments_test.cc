#include "tests/sim/arguments.h"

#include <vector>

#include <gtest/gtest.h>

namespace wp::sim {
namespace {

bool parsed(const std::vector<const char*>& words, Arguments& arguments) {
  return parse(words, arguments);
}

TEST(SimArguments, SeedsJobsAndTrace) {
  Arguments a;
  EXPECT_TRUE(parsed({"--seeds", "300", "--first", "7", "--jobs", "4"}, a));
  EXPECT_EQ(a.seeds, 300U);
  EXPECT_EQ(a.first, 7U);
  EXPECT_EQ(a.jobs, 4U);
  EXPECT_FALSE(a.trace);
  EXPECT_TRUE(parsed({"--trace", "--seed", "12"}, a));
  EXPECT_EQ(a.seeds, 1U);
  EXPECT_EQ(a.first, 12U);
  EXPECT_TRUE(a.trace);
}

// A run of no worlds at all would be a test that cannot fail.
TEST(SimArguments, WhatIsNoNumberOrNoOptionIsRefused) {
  for (const std::vector<const char*>& words : std::vector<std::vector<const char*>>{{"--seeds", "abc"},
                                                                                     {"--seeds", "0"},
                                                                                     {"--seeds", "1x"},
                                                                                     {"--seeds"},
                                                                                     {"--jobs", "0"},
                                                                                     {"300"},
                                                                                     {"-v", "1"}}) {
    Arguments a;
    EXPECT_FALSE(parsed(words, a)) << words.front();
  }
}

}  // namespace
}  // namespace wp::sim
