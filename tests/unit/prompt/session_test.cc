#include "dataplane/prompt/session.h"

#include <gtest/gtest.h>

#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

using testing::good;
using testing::kKey;

std::uint64_t of_id(std::string_view id, std::string_view credential = {}) {
  return session_hash(kKey, credential, id);
}

TEST(Session, HeaderGoesBeforeTheBody) {
  const Features features = good(Api::chat_completions, R"({"user":"u"})", {.session = "s", .credential = "c"});
  EXPECT_EQ(features.session, of_id("s", "c"));
  EXPECT_EQ(features.session_source, SessionSource::header);
}

TEST(Session, BodyFieldsHaveAnOrder) {
  // Each body lacks the first field of the one before it.
  std::string body =
      R"({"metadata":{"user_id":"5"},"user":"4","session_id":"3","conversation":"2","prompt_cache_key":"1"})";
  for (const char* expected : {"1", "2", "3", "4", "5"}) {
    const Features features = good(Api::messages, body);
    EXPECT_EQ(features.session, of_id(expected)) << body;
    EXPECT_EQ(features.session_source, SessionSource::body);
    const std::size_t last = body.rfind(',');
    body = last == std::string::npos ? "{}" : body.substr(0, last) + "}";
  }
  const Features none = good(Api::messages, "{}");
  EXPECT_EQ(none.session, 0U);
  EXPECT_EQ(none.session_source, SessionSource::none);
}

TEST(Session, OrderOfFieldsIsTheOperators) {
  const std::string body =
      R"({"user":"4","session_params":{"session_id":"7"},"conversation_id":"2","user_id":"5","prompt_cache_key":"1"})";
  const auto session = [&](std::vector<SessionField> order) {
    testing::Reading reading({.key = kKey, .session_fields = std::move(order)});
    return reading.read(Api::chat_completions, body).value().session;
  };
  EXPECT_EQ(session({SessionField::user, SessionField::prompt_cache_key}), of_id("4"));
  EXPECT_EQ(session({SessionField::session_id, SessionField::conversation_id}), of_id("2"));
  EXPECT_EQ(session({SessionField::session_params_session_id}), of_id("7"));
  EXPECT_EQ(session({SessionField::user_id}), of_id("5"));
  EXPECT_EQ(session({}), 0U);
  EXPECT_EQ(session(ExtractLimits{}.session_fields), of_id("1"));
}

TEST(Session, ConversationIsAStringOrAnObject) {
  EXPECT_EQ(good(Api::responses, R"({"conversation":{"id":"a"}})").session, of_id("a"));
  EXPECT_EQ(good(Api::responses, R"({"conversation":"a"})").session, of_id("a"));
  EXPECT_EQ(good(Api::responses, R"({"conversation":{}})").session, 0U);
}

TEST(Session, EmptyAndNullAreAbsent) {
  EXPECT_EQ(good(Api::chat_completions, R"({"prompt_cache_key":"","conversation":null,"user":"u"})").session,
            of_id("u"));
  EXPECT_EQ(good(Api::chat_completions, R"({"conversation":{"id":""},"user":"u"})").session, of_id("u"));
  EXPECT_EQ(good(Api::chat_completions, R"({"user":""})").session, 0U);
  EXPECT_EQ(good(Api::chat_completions, R"({"user":"u"})", {.session = ""}).session_source, SessionSource::body);
}

TEST(Session, IntegersCountAsTheirDigits) {
  EXPECT_EQ(good(Api::chat_completions, R"({"session_id":42})").session, of_id("42"));
  EXPECT_EQ(good(Api::chat_completions, R"({"session_id":-7})").session, of_id("-7"));
  EXPECT_EQ(good(Api::chat_completions, R"({"user":18446744073709551615})").session, of_id("18446744073709551615"));
}

TEST(Session, MetadataIsReadOnlyWhereItNamesTheUser) {
  EXPECT_EQ(good(Api::chat_completions, R"({"metadata":{"user_id":"x"}})").session, 0U);
  EXPECT_EQ(good(Api::messages, R"({"metadata":{"user_id":"x","other":1}})").session, of_id("x"));
}

TEST(Session, CredentialsKeepCallersApart) {
  const auto with = [](std::string_view credential, std::string_view id) {
    return good(Api::chat_completions, "{}", {.session = id, .credential = credential}).session;
  };
  EXPECT_NE(with("a", "s"), with("b", "s"));
  EXPECT_NE(with("a", "s"), with("", "s"));
  EXPECT_NE(with("ab", "c"), with("a", "bc"));
  EXPECT_NE(with("a", "s"), with("s", "a"));
  EXPECT_EQ(with("a", "s"), with("a", "s"));
}

TEST(Session, HeaderAndBodyNameTheSameSession) {
  EXPECT_EQ(good(Api::chat_completions, R"({"user":"s"})", {.credential = "c"}).session,
            good(Api::chat_completions, "{}", {.session = "s", .credential = "c"}).session);
}

TEST(Session, WithoutABodyComesFromHeaders) {
  Extractor extractor({.key = kKey});
  const Features features = extractor.without_body({.session = "s", .credential = "c"});
  EXPECT_EQ(features.session, of_id("s", "c"));
  EXPECT_EQ(features.session_source, SessionSource::header);
  EXPECT_EQ(features.api, Api::none);
  EXPECT_NE(features.first_chunk, 0U);
  EXPECT_EQ(features.estimated_tokens, 1U);
  EXPECT_EQ(extractor.without_body({}).session, 0U);
}

TEST(Session, HashDependsOnTheKey) {
  EXPECT_NE(session_hash(1, "c", "s"), session_hash(2, "c", "s"));
  Extractor one({.key = 1});
  Extractor two({.key = 2});
  EXPECT_NE(one.without_body({}).first_chunk, two.without_body({}).first_chunk);
}

}  // namespace
}  // namespace wp::prompt
