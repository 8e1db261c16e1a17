// The verdict table against the readers: each row's example meets its row, whole and cut anywhere, in a request, in a
// reply, or in both.
#include "dataplane/http/ambiguity.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/unit/http/parse.h"
#include "tests/unit/http/transcript.h"

namespace wp::http::test {
namespace {

constexpr HeadLimits kSmall{192, 64, 8};

// The example as a whole message of that side.
std::string message_of(Side side, Place place, std::string_view example) {
  if (place == Place::head) return std::string(example);
  const std::string start = side == Side::reply ? "HTTP/1.1 200 OK\r\n" : "POST / HTTP/1.1\r\nHost: a\r\n";
  if (place == Place::fields) return start + std::string(example) + "\r\n";
  return start + "Transfer-Encoding: chunked\r\n\r\n" + std::string(example);
}

// Which row refused the message, fed in pieces of `size` bytes.
template <class Reader, class... Begin>
Ambiguity flaw_of(std::string_view bytes, std::size_t size, Fault whose, Begin... begin) {
  std::vector<char> buffer(kSmall.head_bytes);
  Reader reader(kSmall);
  reader.begin(buffer, begin...);
  BodyReader body;
  bool in_body = false;
  while (!bytes.empty()) {
    std::span<const std::byte> piece = std::as_bytes(std::span(bytes.substr(0, size)));
    bytes.remove_prefix(piece.size());
    if (!in_body) {
      std::uint32_t taken = 0;
      const Result<Progress> progress = reader.feed(piece, taken);
      if (!progress) return reader.flaw();
      if (*progress == Progress::need_more) continue;
      in_body = true;
      body.begin(reader.head().framing, reader.head().content_length, whose);
      piece = piece.subspan(taken);
    }
    while (!piece.empty() && !body.done()) {
      const Result<BodyReader::Step> step = body.feed(piece);
      if (!step) return body.flaw();
      piece = piece.subspan(step->taken);
    }
  }
  return Ambiguity::none;
}

Ambiguity request_flaw(std::string_view bytes, std::size_t size) {
  return flaw_of<RequestHeadReader>(bytes, size, Fault::client);
}
Ambiguity reply_flaw(std::string_view bytes, std::size_t size) {
  return flaw_of<ReplyHeadReader>(bytes, size, Fault::replica, Method::post);
}

std::string_view name(Ambiguity flaw) {
  return flaw == Ambiguity::none ? "none" : info(flaw).word;
}

TEST(VerdictTable, EveryExampleMeetsItsRowHoweverItIsCut) {
  for (const AmbiguityInfo& row : all_ambiguities()) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
      if (row.side != Side::reply) {
        const std::string bytes = message_of(Side::request, row.place, row.example);
        EXPECT_EQ(name(request_flaw(bytes, size)), row.word) << size;
      }
      // A request's head is no reply's.
      if (row.side == Side::reply || (row.side == Side::both && row.place != Place::head)) {
        const std::string bytes = message_of(Side::reply, row.place, row.example);
        EXPECT_EQ(name(reply_flaw(bytes, size)), row.word) << size;
      }
    }
  }
}

TEST(VerdictTable, EveryExampleIsRefusedWithItsReason) {
  for (const AmbiguityInfo& row : all_ambiguities()) {
    Terms terms{false, Method::post, kSmall};
    if (row.side != Side::reply) {
      const Transcript read = read_whole(terms, message_of(Side::request, row.place, row.example));
      ASSERT_TRUE(read.error) << row.word;
      EXPECT_EQ(read.error->reason, row.reason) << row.word;
      EXPECT_EQ(info(row.reason).fault, Fault::client) << row.word;
    }
    if (row.side == Side::reply || (row.side == Side::both && row.place != Place::head)) {
      terms.replies = true;
      const Transcript read = read_whole(terms, message_of(Side::reply, row.place, row.example));
      ASSERT_TRUE(read.error) << row.word;
      EXPECT_EQ(read.error->reason, blame_replica(row.reason)) << row.word;
      EXPECT_EQ(info(read.error->reason).fault, Fault::replica) << row.word;
      EXPECT_EQ(info(read.error->reason).status, 502) << row.word;
    }
  }
}

TEST(VerdictTable, WhatIsToleratedIsForwardedInOneSpelling) {
  for (const ToleratedInfo& row : all_tolerated()) {
    for (const Side side : {Side::request, Side::reply}) {
      if (row.side != Side::both && row.side != side) continue;
      const Terms terms{side == Side::reply, Method::post, kSmall};
      const Transcript read = read_whole(terms, message_of(side, row.place, row.example));
      ASSERT_FALSE(read.error) << row.word << ": " << word(read.error->reason);
      ASSERT_EQ(read.messages.size(), 1U) << row.word;
      const std::string& forwarded = read.messages[0].forwarded;
      EXPECT_EQ(forwarded.find(row.never_forwarded), std::string::npos) << row.word << ": " << forwarded;
      EXPECT_EQ(read.messages[0].payload.find(row.never_forwarded), std::string::npos) << row.word;
    }
  }
}

TEST(VerdictTable, NoNameStandsTwice) {
  std::set<std::string_view> names;
  for (const AmbiguityInfo& row : all_ambiguities()) EXPECT_TRUE(names.insert(row.word).second) << row.word;
  for (const ToleratedInfo& row : all_tolerated()) EXPECT_TRUE(names.insert(row.word).second) << row.word;
}

// What no continuation can mend is not waited for: the refusal comes with the first wrong byte.
TEST(VerdictTable, TheBeginningOfALineIsJudged) {
  const std::pair<std::string, Ambiguity> beginnings[] = {
      {"\x16", Ambiguity::request_line_shape},
      {"GET /\x01", Ambiguity::target_byte},
      {"GET / X", Ambiguity::version_shape},
      {"GET / HTTP/5.6", Ambiguity::foreign_version},
      {"GET / HTTP/1.1x", Ambiguity::version_shape},
      {"GET / HTTP/1.1\rx", Ambiguity::bare_cr},
      {"GET / HTTP/1.1\r\n ", Ambiguity::folded_line},
      {"GET / HTTP/1.1\r\nHost ", Ambiguity::blank_before_colon},
      {"GET / HTTP/1.1\r\n:", Ambiguity::empty_name},
      {"GET / HTTP/1.1\r\nX: \x01", Ambiguity::value_byte},
      {"GET / HTTP/1.1\r\nX: y\rz", Ambiguity::bare_cr},
      {"GET / HTTP/1.1\r\nHost: a\r\n\rX", Ambiguity::bare_cr},
      {"GET / HTTP/1.1\r\nContent_Length:", Ambiguity::disguised_name},
  };
  for (const auto& [bytes, flaw] : beginnings) {
    EXPECT_EQ(request_flaw(bytes, 1), flaw) << bytes << ": " << name(request_flaw(bytes, 1));
    EXPECT_EQ(request_flaw(bytes, 4096), flaw) << bytes;
    EXPECT_EQ(request_flaw(bytes.substr(0, bytes.size() - 1), 1), Ambiguity::none) << bytes;
  }
  EXPECT_EQ(reply_flaw("S", 1), Ambiguity::status_line_shape);
  EXPECT_EQ(reply_flaw("HTTP/1.1 6", 1), Ambiguity::status_line_shape);
  EXPECT_EQ(reply_flaw("HTTP/1.1 200 O\x01", 1), Ambiguity::reason_phrase_byte);
  EXPECT_EQ(reply_flaw("HTTP/1.1 200 OK\r\nX: y\rz", 1), Ambiguity::bare_cr);
}

}  // namespace
}  // namespace wp::http::test
