#include "dataplane/balance/token_table.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wp::balance {
namespace {

Receipt receipt(std::uint64_t bytes, std::uint32_t tokens) {
  return {.replica = {1, 1}, .pool = 0, .canonical_bytes = bytes, .estimated_tokens = 1, .prompt_tokens = tokens};
}

TEST(TokenTable, TheEstimateFollowsWhatRepliesSay) {
  TokenTable table(4, 2);
  EXPECT_EQ(table.estimate(0, 4000), 1000U);
  for (int i = 0; i < 40; ++i) table.apply(receipt(3000, 1000));
  EXPECT_NEAR(table.bytes_per_token(0), 3.0, 0.01);
  EXPECT_NEAR(table.estimate(0, 30'000), 10'000, 40);
  EXPECT_EQ(table.estimate(1, 4000), 1000U) << "another pool's tokens are its own";
  for (int i = 0; i < 5000; ++i) table.apply(receipt(6000, 1000));
  EXPECT_NEAR(table.bytes_per_token(0), 6.0, 0.05) << "and what was long ago is forgotten";
  EXPECT_EQ(table.estimate(0, 0), 1U);
}

TEST(TokenTable, PromptsThatAreNoTextTeachNothing) {
  TokenTable table(4, 2);
  table.apply(receipt(1'000'000, 1000));  // an image in base64
  table.apply(receipt(100, 10'000));      // turns that the engine had and the body did not
  table.apply(receipt(100, 0));
  EXPECT_EQ(table.bytes_per_token(0), 4.0);
  EXPECT_EQ(table.figures(0).told, 3U);
}

TEST(TokenTable, SilenceIsZeroOnlyFromWhoHasSpoken) {
  TokenTable table(4, 1);
  constexpr auto kChat = prompt::Api::chat_completions;
  EXPECT_EQ(table.cached({2, 1}, kChat, {}), std::nullopt);
  EXPECT_EQ(table.cached({2, 1}, kChat, 64), 64U);
  EXPECT_EQ(table.cached({2, 1}, kChat, {}), 0U);
  EXPECT_EQ(table.cached({3, 1}, kChat, {}), std::nullopt) << "another replica";
  EXPECT_EQ(table.cached({2, 1}, prompt::Api::responses, {}), std::nullopt) << "another API may need another flag";
  EXPECT_EQ(table.cached({2, 1}, prompt::Api::responses, 0), 0U);
  EXPECT_EQ(table.cached({2, 1}, kChat, {}), 0U);
  EXPECT_TRUE(table.tells({2, 1}));
  EXPECT_FALSE(table.tells({3, 1}));
  EXPECT_FALSE(table.tells({2, 2}));
  EXPECT_EQ(table.cached({2, 2}, kChat, {}), std::nullopt) << "the id's next owner";
  table.restarted(2);
  EXPECT_FALSE(table.tells({2, 1}));
  EXPECT_EQ(table.cached({2, 1}, kChat, {}), std::nullopt) << "it may have other flags now";
}

TEST(TokenTable, FiguresAreSummedByPool) {
  TokenTable table(4, 2);
  Receipt first = receipt(400, 100);
  first.estimated_tokens = 90;
  first.cached_tokens = 64;
  first.completion_tokens = 7;
  table.apply(first);
  table.apply(receipt(400, 30));
  table.count_untold(0);
  const TokenTable::Figures figures = table.figures(0);
  EXPECT_EQ(figures.told, 2U);
  EXPECT_EQ(figures.untold, 1U);
  EXPECT_EQ(figures.estimated_tokens, 91U);
  EXPECT_EQ(figures.known_tokens, 100U);
  EXPECT_EQ(figures.unknown_tokens, 30U);
  EXPECT_EQ(figures.cached_tokens, 64U);
  EXPECT_EQ(figures.completion_tokens, 7U);
  EXPECT_EQ(table.figures(1).told, 0U);
  table.reset(0);
  EXPECT_EQ(table.figures(0).told, 0U);
  EXPECT_EQ(table.bytes_per_token(0), 4.0);
}

TEST(TokenTable, ShardsThatRaceLoseNoFigure) {
  TokenTable table(4, 1);
  std::vector<std::thread> shards;
  for (int i = 0; i < 3; ++i) {
    shards.emplace_back([&table] {
      for (int n = 0; n < 2000; ++n) table.apply(receipt(3000, 1000));
    });
  }
  for (std::thread& shard : shards) shard.join();
  EXPECT_EQ(table.figures(0).told, 6000U);
  EXPECT_EQ(table.figures(0).unknown_tokens, 6'000'000U);
  EXPECT_NEAR(table.bytes_per_token(0), 3.0, 0.01);
}

}  // namespace
}  // namespace wp::balance
