// After anything ambiguous neither side's connection is used again, and nothing of it reaches the other side.
#include <gtest/gtest.h>

#include "tests/unit/proxy/box.h"

namespace wp::test {
namespace {

// Requests whose framing, or whose bytes behind it, say two things. Each is refused before a replica hears of it.
struct BadRequest {
  const char* name;
  std::string bytes;
  Reason reason;
};
class ProxyBadRequest : public testing::TestWithParam<BadRequest> {};

TEST_P(ProxyBadRequest, IsRefusedAndItsConnectionEnds) {
  Box box;
  const Conn client = box.client();
  client->send(GetParam().bytes + "GET /v1/smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  box.settle();
  const std::string reply = take(client);
  EXPECT_EQ(status_of(reply), info(GetParam().reason).status) << reply;
  EXPECT_EQ(reply.find("HTTP/1.1 ", 1), std::string::npos) << reply;
  EXPECT_NE(reply.find("\r\nConnection: close\r\n"), std::string::npos) << reply;
  EXPECT_TRUE(client->fin_received());
  EXPECT_TRUE(box.accepted().empty());
  EXPECT_EQ(box.count(GetParam().reason), 1U);
  box.expect_nothing_held();
}

INSTANTIATE_TEST_SUITE_P(
    All, ProxyBadRequest,
    testing::Values(
        BadRequest{"BothFramings",
                   "POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                   Reason::ambiguous_framing},
        BadRequest{"ChunkSize", "POST /v1/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
                   Reason::bad_chunk},
        BadRequest{"ChunkBiggerThanAnyBody",
                   "POST /v1/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
                   Reason::body_too_large},
        BadRequest{"DotSegments", "GET /v1/../slots HTTP/1.1\r\nHost: a\r\n\r\n", Reason::bad_target},
        BadRequest{"BehindClose", "GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                   Reason::bytes_after_close},
        BadRequest{"BehindABodyAndClose",
                   "POST /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
                   Reason::bytes_after_close},
        BadRequest{"BehindHttp10", "GET /v1/x HTTP/1.0\r\n\r\n", Reason::bytes_after_close}),
    [](const auto& about) { return about.param.name; });

TEST(ProxyFraming, ARequestThatEndsItsConnectionIsServedWhenNothingFollows) {
  Box box;
  const Conn client = box.client();
  client->send("GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  box.settle();
  box.accept_one()->send(ok_reply("served"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "served");
  EXPECT_TRUE(client->fin_received());
}

// What comes late comes behind a request that is already on its way: it is never looked at.
TEST(ProxyFraming, BytesThatComeLateBehindTheLastRequestAreNotServed) {
  Box box;
  const Conn client = box.client();
  client->send("GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  box.settle();
  client->send("GET /v1/smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(ok_reply("served"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "served");
  EXPECT_TRUE(client->over());
  EXPECT_EQ(take(replica).find("smuggled"), std::string::npos);
  box.expect_nothing_held();
}

// Lighttpd, for one, refuses a POST that does not say how long it is.
TEST(ProxyFraming, WhatCouldHaveContentSaysThatItHasNone) {
  Box box;
  const Conn client = box.client();
  client->send("POST /v1/x HTTP/1.1\r\nHost: a\r\n\r\n");
  box.settle();
  const Conn replica = box.accept_one();
  const std::string sent = take(replica);
  EXPECT_NE(sent.find("\r\nContent-Length: 0\r\n"), std::string::npos) << sent;
  replica->send(ok_reply("served"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "served");
  client->send("GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n");
  box.settle();
  EXPECT_EQ(take(replica).find("Content-Length"), std::string::npos);
}

TEST(ProxyFraming, TheLengthOfABodyThatDoesNotComeIsWrittenAnew) {
  Box box;
  const Conn client = box.client();
  client->send("HEAD /v1/x HTTP/1.1\r\nHost: a\r\n\r\n");
  box.settle();
  box.accept_one()->send("HTTP/1.1 200 OK\r\nContent-Length: 0005\r\n\r\n");
  box.settle();
  const std::string reply = take(client);
  EXPECT_NE(reply.find("\r\nContent-Length: 5\r\n"), std::string::npos) << reply;
}

// The client of a HEAD would take a body for the beginning of its next reply.
TEST(ProxyFraming, AHeadThatIsRefusedGetsNoBody) {
  for (const std::string fields : {"", "Host: a\r\nHost: b\r\n", "Host: a\r\nX : y\r\n"}) {
    Box box;
    const Conn client = box.client();
    client->send("HEAD /v1/x HTTP/1.1\r\n" + fields + "\r\n");
    box.settle();
    const std::string reply = take(client);
    EXPECT_EQ(status_of(reply), 400) << fields;
    EXPECT_TRUE(reply.ends_with("\r\n\r\n")) << reply;
  }
}

TEST(ProxyFraming, AnIdleConnectionOnWhichBytesComeIsNotUsed) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(ok_reply("ok"));
  box.settle();
  static_cast<void>(take(client));
  replica->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  box.settle();
  EXPECT_TRUE(replica->over());
  EXPECT_EQ(box.count(Reason::unasked_bytes), 1U);
  client->send(chat("y"));
  box.settle();
  box.accept_one()->send(ok_reply("mine"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "mine");
}

// Both arrive in one turn, the client's event first: the pool is looked at with the stray bytes already there.
TEST(ProxyFraming, BytesThatComeWithTheNextRequestAreNotItsReply) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send(ok_reply("ok"));
  box.settle();
  static_cast<void>(take(client));
  client->send(chat("y"));
  replica->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  box.settle();
  EXPECT_EQ(take(client), "");
  box.accept_one()->send(ok_reply("mine"));
  box.settle();
  EXPECT_EQ(body_of(take(client)), "mine");
  EXPECT_EQ(box.count(Reason::unasked_bytes), 1U);
  box.expect_nothing_held();
}

TEST(ProxyFraming, ABrokenChunkInAReplyCutsItAndEndsBothSides) {
  Box box;
  const Conn client = box.client();
  client->send(chat("x"));
  box.settle();
  const Conn replica = box.accept_one();
  replica->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0x1\r\nb\r\n0\r\n\r\n");
  box.settle();
  EXPECT_TRUE(take(client).ends_with("\r\n\r\n1\r\na\r\n"));
  EXPECT_TRUE(client->over());
  EXPECT_TRUE(replica->over());
  EXPECT_EQ(box.count(Reason::replica_bad_framing), 1U);
  EXPECT_EQ(box.count(Reason::reply_cut), 1U);
  box.expect_nothing_held();
}

TEST(ProxyFraming, TheRowOfTheVerdictTableIsCounted) {
  Box box;
  const Conn client = box.client();
  client->send("GET /v1/x HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n");
  box.settle();
  const auto& counters = box.proxy().counters().ambiguities;
  EXPECT_EQ(counters[static_cast<std::size_t>(http::Ambiguity::folded_line) - 1].value(), 1U);
  const Conn second = box.client();
  second->send(chat("x"));
  box.settle();
  box.accept_one()->send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na");
  box.settle();
  EXPECT_EQ(status_of(take(second)), 502);
  EXPECT_EQ(counters[static_cast<std::size_t>(http::Ambiguity::repeated_length) - 1].value(), 1U);
}

}  // namespace
}  // namespace wp::test
