#include "dataplane/prompt/usage_splice.h"

#include <string>

#include <gtest/gtest.h>

namespace wp::prompt {
namespace {

// The body as it is sent; "same" when it is left alone.
std::string asked(std::string_view body, Api api = Api::chat_completions) {
  Extractor extractor({});
  std::string padded(body);
  padded.append(Extractor::kPadding, '\0');
  const auto features = extractor.extract(api, padded.data(), static_cast<std::uint32_t>(body.size()), {});
  if (!features) return "refused";
  const UsageSplice& splice = features->ask_usage;
  if (splice.text.empty()) return "same";
  std::string spliced(body);
  spliced.replace(splice.place.offset, splice.place.length, splice.text);
  const std::string whole = spliced + std::string(Extractor::kPadding, '\0');
  EXPECT_TRUE(extractor.extract(api, whole.data(), static_cast<std::uint32_t>(spliced.size()), {}).has_value());
  return spliced;
}

TEST(UsageSplice, AStreamThatAsksForNothingIsMadeToAsk) {
  EXPECT_EQ(asked(R"({"stream":true})"), R"({"stream_options":{"include_usage":true},"stream":true})");
  EXPECT_EQ(asked(R"( { "messages":[], "stream" : true } )"),
            R"( { "stream_options":{"include_usage":true},"messages":[], "stream" : true } )");
  EXPECT_EQ(asked(R"({"stream":true,"prompt":"x"})", Api::completions),
            R"({"stream_options":{"include_usage":true},"stream":true,"prompt":"x"})");
}

TEST(UsageSplice, OptionsThatSayNothingAreReplaced) {
  EXPECT_EQ(asked(R"({"stream_options":null,"stream":true})"),
            R"({"stream_options":{"include_usage":true},"stream":true})");
  EXPECT_EQ(asked(R"({"stream":true,"stream_options" : { } ,"messages":[]})"),
            R"({"stream":true,"stream_options" : {"include_usage":true} ,"messages":[]})");
}

TEST(UsageSplice, WhoHasOptionsKeepsThem) {
  EXPECT_EQ(asked(R"({"stream":true,"stream_options":{"include_usage":true}})"), "same");
  EXPECT_EQ(asked(R"({"stream":true,"stream_options":{"include_usage":false}})"), "same");
  EXPECT_EQ(asked(R"({"stream":true,"stream_options":{"continuous_usage_stats":true}})"), "same");
  EXPECT_EQ(asked(R"({"stream":true,"stream_options":[]})"), "same") << "the replica's to refuse";
}

TEST(UsageSplice, OtherBodiesAreLeftAlone) {
  EXPECT_EQ(asked(R"({"messages":[]})"), "same");
  EXPECT_EQ(asked(R"({"stream":false})"), "same");
  EXPECT_EQ(asked(R"({"stream":null})"), "same");
  EXPECT_EQ(asked(R"({"stream":true})", Api::responses), "same");
  EXPECT_EQ(asked(R"({"stream":true})", Api::messages), "same");
  EXPECT_EQ(asked(R"({"stream":true,"stream_options":{},"stream_options":null})"), "refused");
}

}  // namespace
}  // namespace wp::prompt
