#include <gtest/gtest.h>

#include "tests/unit/http/parse.h"

namespace wp::http::test {
namespace {

TEST(ReplyHead, AStatusLineIsReadIntoItsParts) {
  const ParsedReply head = reply("HTTP/1.1 404 Not Here \xe4\r\nContent-Length: 3\r\nServer: x\r\n\r\nabc");
  ASSERT_TRUE(head.complete());
  EXPECT_EQ(head->status, 404);
  EXPECT_EQ(head->reason_phrase(), "Not Here \xe4");
  EXPECT_EQ(head->framing, Framing::length);
  EXPECT_EQ(head->content_length, 3U);
  EXPECT_TRUE(head->keep_alive);
  EXPECT_FALSE(head->interim());
  EXPECT_EQ(head->value_of("server"), "x");
}

TEST(ReplyHead, TheReasonMayBeEmptyAndItsSpaceMissing) {
  for (const std::string line : {"HTTP/1.1 200 ", "HTTP/1.1 200"}) {
    const ParsedReply head = reply(line + "\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(head.complete()) << line;
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->reason_phrase(), "");
  }
}

TEST(ReplyHead, MalformedStatusLinesAreRefused) {
  for (const std::string line : {"",
                                 "HTTP/1.1",
                                 "HTTP/1.1 ",
                                 "HTTP/1.1 20",
                                 "HTTP/1.1 2000",
                                 "HTTP/1.1 20x OK",
                                 "HTTP/1.1 099 X",
                                 "HTTP/1.1 600 X",
                                 "HTTP/1.1  200 OK",
                                 "HTTP/1.1\t200 OK",
                                 " HTTP/1.1 200 OK",
                                 "HTTP/2.0 200 OK",
                                 "HTTP/1.2 200 OK",
                                 "http/1.1 200 OK",
                                 "ICY 200 OK",
                                 "HTTP/1.1 200\tOK",
                                 "HTTP/1.1 200 O\x01K",
                                 "HTTP/1.1 200 O\rK",
                                 "HTTP/1.1 -20 OK",
                                 "HTTP/1.1 +20 OK"}) {
    EXPECT_EQ(reply(line + "\r\n\r\n").reason(), Reason::replica_bad_head) << line;
  }
}

TEST(ReplyHead, EmptyLinesBeforeItAreRefused) {
  EXPECT_EQ(reply("\r\nHTTP/1.1 200 OK\r\n\r\n").reason(), Reason::replica_bad_head);
}

TEST(ReplyHead, FieldsAreReadAsStrictlyAsARequests) {
  for (const std::string_view line : {"X : 1\r\n", ": 1\r\n", "X: 1\r\n 2\r\n", "X: \x01\r\n", "X: 1\n", "X: a\rb\r\n",
                                      "X\r\n", "Connection: content-length\r\n", "Connection: a b\r\n"}) {
    EXPECT_EQ(reply(std::string("HTTP/1.1 200 OK\r\n").append(line).append("\r\n")).reason(), Reason::replica_bad_head)
        << line;
  }
}

TEST(ReplyHead, AmbiguousFramingIsTheReplicasFault) {
  for (const std::string lines :
       {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
        "Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: x\r\n", "Content-Length:\r\n",
        "Content-Length: 1, 1\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"}) {
    const ParsedReply head = reply("HTTP/1.1 200 OK\r\n" + lines + "\r\n");
    EXPECT_EQ(head.reason(), Reason::replica_bad_framing) << lines;
    // Nor may a reply without a body be ambiguous: its connection would be used again.
    EXPECT_EQ(reply("HTTP/1.1 200 OK\r\n" + lines + "\r\n", Method::head).reason(), Reason::replica_bad_framing);
  }
  EXPECT_EQ(reply("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").reason(), Reason::replica_bad_framing);
}

TEST(ReplyHead, FramingFollowsRfc9112Section63) {
  EXPECT_EQ(reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")->framing, Framing::chunked);
  EXPECT_EQ(reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")->framing, Framing::length);
  EXPECT_EQ(reply("HTTP/1.1 204 No Content\r\n\r\n")->framing, Framing::none);
  EXPECT_EQ(reply("HTTP/1.1 100 Continue\r\n\r\n")->framing, Framing::none);
  EXPECT_EQ(reply("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", Method::head)->framing, Framing::none);
  EXPECT_EQ(reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::head)->framing, Framing::none);
  EXPECT_EQ(reply("HTTP/1.1 200 OK\r\n\r\n", Method::head)->framing, Framing::none);
  EXPECT_EQ(reply("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")->framing, Framing::none);
}

TEST(ReplyHead, ABodyWithoutFramingLastsUntilClose) {
  const ParsedReply head = reply("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(head.complete());
  EXPECT_EQ(head->framing, Framing::until_close);
  EXPECT_FALSE(head->keep_alive);
}

TEST(ReplyHead, PersistenceFollowsVersionAndOptions) {
  EXPECT_FALSE(reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")->keep_alive);
  EXPECT_FALSE(reply("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")->keep_alive);
  EXPECT_TRUE(reply("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n")->keep_alive);
}

TEST(ReplyHead, InterimRepliesAreTold) {
  EXPECT_TRUE(reply("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")->interim());
  const ParsedReply head = reply("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
  EXPECT_TRUE(head->interim());
  EXPECT_TRUE(head->wants_upgrade);
}

TEST(ReplyHead, HeadsOverTheLimitsAreRefused) {
  HeadLimits limits;
  limits.fields = 1;
  EXPECT_EQ(reply("HTTP/1.1 200 OK\r\nA: 1\r\nB: 1\r\n\r\n", Method::get, limits).reason(), Reason::replica_bad_head);
  limits.head_bytes = 20;
  const ParsedReply head = reply("HTTP/1.1 200 OK\r\nA: 1\r\n\r\n", Method::get, limits);
  EXPECT_EQ(head.reason(), Reason::replica_bad_head);
  EXPECT_EQ(head.position(), 20U);
}

TEST(ReplyHead, TakesNoByteBehindItsBlankLine) {
  const std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  const ParsedReply head = reply(bytes + "hello");
  ASSERT_TRUE(head.complete());
  EXPECT_EQ(head.taken(), bytes.size());
}

}  // namespace
}  // namespace wp::http::test
