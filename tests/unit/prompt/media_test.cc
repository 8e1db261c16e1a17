#include "dataplane/prompt/media.h"

#include <string>

#include <gtest/gtest.h>

#include "dataplane/prompt/keyed_hash.h"
#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

std::uint32_t tokens(std::string_view beginning, std::size_t bytes) {
  return 2 * media_words(std::string(beginning) + std::string(bytes / 3 * 4, 'A'));
}

TEST(Media, PicturesHaveTokensByTheirBytes) {
  for (const char* beginning : {"/9j/", "iVBORw0KGgoA", "R0lGODlh", "data:image/jpeg;base64,/9j/"}) {
    EXPECT_EQ(tokens(beginning, 600), 64U) << beginning;
    EXPECT_NEAR(tokens(beginning, 188'000), 1000, 2) << beginning;
    EXPECT_EQ(tokens(beginning, 6'000'000), 1600U) << beginning;
  }
  EXPECT_EQ(tokens("UklGRAAAAAAARUJQ", 6'000'000), 1600U) << "WEBP";
}

TEST(Media, SoundHasTokensByItsTime) {
  for (const char* beginning : {"UklGRAAAAAAAQVZF", "SUQz", "T2dnUw", "data:audio/wav;base64,SUQz"}) {
    EXPECT_EQ(tokens(beginning, 600), 16U) << beginning;
    EXPECT_NEAR(tokens(beginning, 1'024'000), 1000, 2) << beginning;
  }
}

TEST(Media, OtherFilesHaveNoBound) {
  EXPECT_NEAR(tokens("JVBERi0x", 1'880'000), 10'000, 2);
}

TEST(Media, TextsAreNone) {
  EXPECT_EQ(media_words(std::string(1000, ' ')), 0U);
  EXPECT_EQ(media_words("https://" + std::string(1000, 'a')), 0U);
  EXPECT_EQ(media_words("data:text/plain," + std::string(1000, 'a')), 0U) << "no base64";
  EXPECT_EQ(media_words(std::string(255, 'A')), 0U) << "too short";
  EXPECT_EQ(media_words("data:image/png;base64," + std::string(255, 'A')), 0U);
  EXPECT_EQ(media_words(std::string(100, 'A') + "-" + std::string(1000, 'A')), 0U);
}

std::string chat_with(std::string_view part) {
  return R"({"messages":[{"role":"user","content":[)" + std::string(part) +
         R"(,{"type":"text","text":"what is it?"}]}]})";
}

// A photograph counts as some hundred tokens, not as its letters, and tells prompts apart.
TEST(Media, CountInAPromptAsTheirTokens) {
  const auto picture = [](char last) {
    return testing::chat(chat_with(R"({"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j/)" +
                                   std::string(400'000, 'A') + last + R"("}})"));
  };
  EXPECT_NEAR(picture('B').estimated_tokens, 1600, 40);
  EXPECT_NE(picture('B').first_chunk, picture('C').first_chunk);
  EXPECT_EQ(picture('B').first_chunk, picture('B').first_chunk);
  const auto sound = testing::chat(chat_with(R"({"type":"input_audio","input_audio":{"data":"SUQz)" +
                                             std::string(40'960, 'A') + R"(","format":"mp3"}})"));
  EXPECT_NEAR(sound.estimated_tokens, 30 + 21, 6);
  const auto letters =
      testing::chat(R"({"messages":[{"role":"user","content":")" + std::string(40'000, 'A') + R"("}]})");
  EXPECT_NEAR(letters.estimated_tokens, 10'000, 5) << "what a user types is text";
}

}  // namespace
}  // namespace wp::prompt
