#include <gtest/gtest.h>

#include "tests/unit/http/parse.h"

namespace wp::http::test {
namespace {

TEST(RequestHead, FieldsKeepTheirOrderAndLoseTheirBlanks) {
  const ParsedRequest head = request(with_fields("X-One:1\r\nX-Two: \t two words\t \r\nX-Empty:\r\nx-one:  \r\n"));
  ASSERT_TRUE(head.complete());
  ASSERT_EQ(head->field_count, 5U);
  EXPECT_EQ(head->name(head->fields[1]), "X-One");
  EXPECT_EQ(head->value(head->fields[1]), "1");
  EXPECT_EQ(head->value(head->fields[2]), "two words");
  EXPECT_EQ(head->value(head->fields[3]), "");
  EXPECT_EQ(head->value(head->fields[4]), "");
  EXPECT_EQ(head->value_of("x-two"), "two words");
  EXPECT_EQ(head->value_of("x-three"), "");
}

TEST(RequestHead, KnownNamesAreFoundWithoutCase) {
  const ParsedRequest head = request(with_fields("X-API-KEY: k\r\ncontent-TYPE: t\r\nAuthorization: b\r\n"));
  ASSERT_TRUE(head.complete());
  ASSERT_NE(head->find(Name::x_api_key), nullptr);
  EXPECT_EQ(head->value(*head->find(Name::x_api_key)), "k");
  EXPECT_EQ(head->value(*head->find(Name::content_type)), "t");
  EXPECT_EQ(head->value(*head->find(Name::authorization)), "b");
  EXPECT_EQ(head->find(Name::expect), nullptr);
}

TEST(RequestHead, OnlyTokenBytesAndColonEndAName) {
  constexpr std::string_view kTokenSymbols = "!#$%&'*+-.^_`|~";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (c == '\n' || c == ':') continue;
    const bool token = std::isalnum(byte) != 0 ? byte < 0x80 : byte != 0 && kTokenSymbols.find(c) != std::string::npos;
    const Reason wanted = token ? Reason::none : c == '\r' ? Reason::bad_line_end : Reason::bad_header;
    EXPECT_EQ(reason_of_fields(std::string("X-a") + c + "b: 1\r\n"), wanted) << byte;
    // Behind the 32 bytes that are folded in blocks, too.
    EXPECT_EQ(reason_of_fields(std::string(40, 'n') + c + "b: 1\r\n"), wanted) << byte;
  }
}

TEST(RequestHead, ValuesMayHoldEverythingButControls) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    if (c == '\n') continue;
    const bool control = (byte < 0x20 && c != '\t') || byte == 0x7f;
    const Reason wanted = !control ? Reason::none : c == '\r' ? Reason::bad_line_end : Reason::bad_header;
    for (const std::size_t before : {0U, 5U, 14U, 15U, 16U, 17U, 40U}) {
      const std::string line = "X: a" + std::string(before, 'b') + c + "c\r\n";
      EXPECT_EQ(reason_of_fields(line), wanted) << byte << " behind " << before;
    }
  }
}

TEST(RequestHead, ErrorsHaveTheirPosition) {
  const std::string head = with_fields("Bad Name: 1\r\n");
  EXPECT_EQ(request(head).position(), head.find("Bad") + 3);
  const std::string value = with_fields(
      "X: 0123456789012345678901234567\x01"
      "9\r\n");
  EXPECT_EQ(request(value).position(), value.find('\x01'));
}

TEST(RequestHead, AHeadEndsBehindItsBlankLine) {
  const std::string bytes = with_fields("");
  const ParsedRequest head = request(bytes + "GET /next");
  ASSERT_TRUE(head.complete());
  EXPECT_EQ(head.taken(), bytes.size());
  EXPECT_EQ(head->text.size(), bytes.size());
}

TEST(RequestHead, EveryProperPrefixNeedsMore) {
  const std::string bytes = with_fields("Content-Length: 3\r\nConnection: close\r\n");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(request(bytes.substr(0, size)).needs_more()) << size;
  }
}

TEST(RequestHead, AHeadOfExactlyTheLimitIsRead) {
  const std::string bytes = with_fields("X-Fill: 0123456789\r\n");
  HeadLimits limits;
  limits.head_bytes = static_cast<std::uint32_t>(bytes.size());
  EXPECT_TRUE(request(bytes, limits).complete());
  limits.head_bytes -= 1;
  const ParsedRequest refused = request(bytes, limits);
  EXPECT_EQ(refused.reason(), Reason::head_too_large);
  EXPECT_EQ(refused.position(), limits.head_bytes);
}

TEST(RequestHead, FieldsOverTheLimitAreTooMany) {
  HeadLimits limits;
  limits.fields = 3;
  EXPECT_TRUE(request(with_fields("A: 1\r\nB: 2\r\n"), limits).complete());
  EXPECT_EQ(request(with_fields("A: 1\r\nB: 2\r\nC: 3\r\n"), limits).reason(), Reason::too_many_headers);
}

TEST(RequestHead, TheLargestLimitsHold) {
  HeadLimits limits{64 * 1024, 64 * 1024, HeadLimits::kMaxFields};
  std::string lines;
  for (std::uint32_t i = 1; i < HeadLimits::kMaxFields; ++i) lines += "X-" + std::to_string(i) + ": v\r\n";
  EXPECT_TRUE(request(with_fields(lines), limits).complete());
  EXPECT_EQ(request(with_fields(lines + "Y: v\r\n"), limits).reason(), Reason::too_many_headers);
  const std::string name(40'000, 'n');
  const ParsedRequest head = request(with_fields(name + ": v\r\n"), limits);
  ASSERT_TRUE(head.complete());
  EXPECT_EQ(head->name(head->fields[1]), name);
}

TEST(RequestHead, Http11NeedsExactlyOneHost) {
  EXPECT_EQ(reason_of_request("GET / HTTP/1.1\r\n\r\n"), Reason::missing_host);
  EXPECT_EQ(reason_of_request("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), Reason::bad_host);
  EXPECT_EQ(reason_of_request("GET http://a/ HTTP/1.1\r\n\r\n"), Reason::missing_host);
  EXPECT_EQ(reason_of_request("GET / HTTP/1.0\r\n\r\n"), Reason::none);
  EXPECT_EQ(reason_of_request("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), Reason::bad_host);
}

TEST(RequestHead, ExpectIs100ContinueOrRefused) {
  EXPECT_TRUE(request(with_fields("Expect: 100-Continue\r\nContent-Length: 1\r\n"))->expects_continue);
  EXPECT_TRUE(request(with_fields("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"))->expects_continue);
  EXPECT_EQ(reason_of_fields("Expect: 200-ok\r\n"), Reason::bad_expectation);
  EXPECT_EQ(reason_of_fields("Expect:\r\n"), Reason::bad_expectation);
  EXPECT_EQ(reason_of_fields("Expect: 100-continue, x\r\n"), Reason::bad_expectation);
  EXPECT_EQ(reason_of_fields("Expect: 100-continue\r\nExpect: 100-continue\r\n"), Reason::bad_expectation);
}

TEST(RequestHead, NothingToContinueWithExpectsNothing) {
  EXPECT_FALSE(request(with_fields("Expect: 100-continue\r\n"))->expects_continue);
  EXPECT_FALSE(request(with_fields("Expect: 100-continue\r\nContent-Length: 0\r\n"))->expects_continue);
  const ParsedRequest old = request("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  ASSERT_TRUE(old.complete());
  EXPECT_FALSE(old->expects_continue);
}

TEST(RequestHead, AReaderForgetsTheHeadBefore) {
  std::vector<char> buffer(HeadLimits{}.head_bytes);
  RequestHeadReader reader{HeadLimits{}};
  const auto feed = [&](std::string_view bytes) {
    reader.begin(buffer);
    std::uint32_t taken = 0;
    const Result<Progress> progress = reader.feed(std::as_bytes(std::span(bytes)), taken);
    ASSERT_TRUE(progress && *progress == Progress::complete);
  };
  feed(with_fields("Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close, upgrade\r\nUpgrade: x\r\n"));
  EXPECT_TRUE(reader.head().wants_upgrade);
  feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(reader.head().framing, Framing::none);
  EXPECT_EQ(reader.head().content_length, 0U);
  EXPECT_EQ(reader.head().field_count, 1U);
  EXPECT_FALSE(reader.head().expects_continue);
  EXPECT_FALSE(reader.head().wants_upgrade);
  EXPECT_TRUE(reader.head().keep_alive);
  EXPECT_EQ(reader.head().host(), "");
  EXPECT_EQ(reader.head().find(Name::content_length), nullptr);
}

TEST(RequestHeadDeathTest, FeedingAfterTheEndIsAWrongProgram) {
  std::vector<char> buffer(HeadLimits{}.head_bytes);
  RequestHeadReader reader{HeadLimits{}};
  std::uint32_t taken = 0;
  EXPECT_DEATH((void)reader.feed({}, taken), "assertion failed");
  EXPECT_DEATH(reader.begin(std::span(buffer).first(10)), "assertion failed");
}

}  // namespace
}  // namespace wp::http::test
