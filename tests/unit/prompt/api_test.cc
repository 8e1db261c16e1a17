#include <gtest/gtest.h>

#include "dataplane/prompt/features.h"

namespace wp::prompt {
namespace {

TEST(ApiOf, KnowsTheFivePaths) {
  EXPECT_EQ(api_of("/v1/chat/completions"), Api::chat_completions);
  EXPECT_EQ(api_of("/v1/completions"), Api::completions);
  EXPECT_EQ(api_of("/v1/responses"), Api::responses);
  EXPECT_EQ(api_of("/v1/embeddings"), Api::embeddings);
  EXPECT_EQ(api_of("/v1/messages"), Api::messages);
}

TEST(ApiOf, IsExact) {
  for (const char* path : {"", "/", "/v1", "/v1/chat/completions/", "/v1/chat", "/V1/completions", "v1/messages",
                           "/v1/messages?x=1", "/v1/models", "/v1/messages/count_tokens"}) {
    EXPECT_EQ(api_of(path), Api::none) << path;
  }
}

TEST(ApiWord, IsTheEnumsName) {
  EXPECT_EQ(word(Api::chat_completions), "chat_completions");
  EXPECT_EQ(word(Api::messages), "messages");
  EXPECT_EQ(word(Api::none), "none");
}

}  // namespace
}  // namespace wp::prompt
