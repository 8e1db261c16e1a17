#include "tools/load/options.h"

#include <vector>

#include <gtest/gtest.h>

namespace wp::load {
namespace {

std::expected<Options, Leave> read(std::vector<const char*> words) {
  words.insert(words.begin(), "warmpath-load");
  return read_options(static_cast<int>(words.size()), words.data());
}

TEST(LoadOptions, DefaultsAreAClosedLoopOfSessions) {
  const auto options = read({"http://127.0.0.1:8080"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->workload.kind, WorkloadKind::sessions);
  EXPECT_TRUE(options->workload.exact);
  EXPECT_TRUE(options->workload.style.stream);
  EXPECT_EQ(options->load.rate, 0);
  EXPECT_EQ(options->load.targets.at(0).port, 8080);
  EXPECT_EQ(options->load.client.authority, "127.0.0.1:8080");
}

TEST(LoadOptions, ReadsWhatItIsTold) {
  const auto options = read({"[::1]:1", "127.0.0.1:2", "--workload", "hot-prefix", "--rate", "12.5", "--seconds", "1.5",
                             "--whole", "--check", "shape", "--fresh-connections", "--seed", "9"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->load.targets.size(), 2U);
  EXPECT_EQ(options->workload.kind, WorkloadKind::hot_prefix);
  EXPECT_EQ(options->load.rate, 12.5);
  EXPECT_EQ(options->load.duration, millis(1500));
  EXPECT_FALSE(options->workload.style.stream);
  EXPECT_FALSE(options->workload.exact);
  EXPECT_FALSE(options->load.client.keep_alive);
  EXPECT_EQ(options->load.seed, 9U);
}

TEST(LoadOptions, RefusesInOneLine) {
  for (const std::vector<const char*>& words : {std::vector<const char*>{},
                                                {"nowhere"},
                                                {"127.0.0.1:1", "--workload", "none"},
                                                {"127.0.0.1:1", "--rate", "0"},
                                                {"127.0.0.1:1", "--connections", "0"},
                                                {"127.0.0.1:1", "--no-such"}}) {
    const auto options = read(words);
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error().status, 2);
    EXPECT_TRUE(options.error().text.starts_with("warmpath-load: "));
  }
}

}  // namespace
}  // namespace wp::load
