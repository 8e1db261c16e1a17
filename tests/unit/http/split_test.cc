// Every message of the corpus, whole, byte by byte and cut at every place, gives the same transcript: the verdict must
// not depend on how the network cut the bytes.
#include <gtest/gtest.h>

#include "tests/unit/http/transcript.h"

namespace wp::http::test {
namespace {

const std::string_view kRequests[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nGET /x?y=z HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\nX-Empty:\r\n\r\n",
    "POST /v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nhost:b\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: X-One, keep-alive\r\nX-One: 1\r\n\r\n"
    "5;a=b;c=\"d\\\"e\"\r\nhello\r\n06\r\n world\r\n0\r\nX-Sum: 1\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    "OPTIONS http://A:80 HTTP/1.1\r\nHost: a\r\n\r\nGET http://a?q HTTP/1.1\r\nHost: A\r\n\r\n\r\nGET / "
    "HTTP/1.0\r\n\r\nX",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw",
    "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nab",
    "GET / HTTP/1.1\r\nHo",
    "GET / HTTP/1.1\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\rX",
    "\r\n\r\nGET / HTTP/1.1\r\n",
    "GET  / HTTP/1.1\r\n",
    "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n X: 1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\"\n\"\r\nx",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nContent-Length: 1\r\n\r\n",
    "GET /0123456789012345678901234567890123456789 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /01234567890123456789012345678901234567890123456789012345678901234567890123456789",
};

const std::string_view kReplies[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: "
    "a\n\n\r\n0\r\n\r\n",
    "HTTP/1.0 200 \r\nServer: x\r\n\r\nto the end",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nConnection: close\r\n\r\nleft",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nshor",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 999 X\r\n\r\n",
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz",
};

void expect_same_however_cut(const Terms& terms, std::string_view bytes) {
  const Transcript whole = read_whole(terms, bytes);
  for (const std::size_t size : {1U, 2U, 3U, 7U}) {
    const Transcript pieces = read_in_pieces(terms, bytes, size);
    EXPECT_EQ(whole, pieces) << "in pieces of " << size << ": " << bytes << "\n"
                             << describe(whole) << "---\n"
                             << describe(pieces);
  }
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    const Transcript cut = read_cut(terms, bytes, at);
    EXPECT_EQ(whole, cut) << "cut at " << at << ": " << bytes << "\n" << describe(whole) << "---\n" << describe(cut);
  }
}

TEST(Split, RequestsReadTheSameHoweverCut) {
  for (const std::string_view bytes : kRequests) expect_same_however_cut(Terms{}, bytes);
}

TEST(Split, RequestsAtTheirLimitsReadTheSameHoweverCut) {
  Terms terms;
  terms.limits = HeadLimits{60, 20, 2};
  for (const std::string_view bytes : kRequests) expect_same_however_cut(terms, bytes);
}

TEST(Split, RepliesReadTheSameHoweverCut) {
  Terms terms;
  terms.replies = true;
  for (const Method answered : {Method::post, Method::head}) {
    terms.answered = answered;
    for (const std::string_view bytes : kReplies) expect_same_however_cut(terms, bytes);
  }
}

TEST(Split, PipelinedRequestsEndWhereTheNextBegins) {
  const std::string_view bytes = kRequests[2];
  const Transcript read = read_whole(Terms{}, bytes);
  ASSERT_EQ(read.messages.size(), 2U);
  EXPECT_EQ(read.messages[0].payload, "hello");
  EXPECT_EQ(read.messages[0].end, bytes.find("GET /b"));
  EXPECT_EQ(read.messages[1].end, bytes.size());
  EXPECT_FALSE(read.error);
}

TEST(Split, PipelinedRepliesEndWhereTheNextBegins) {
  Terms terms;
  terms.replies = true;
  const Transcript read = read_whole(terms, kReplies[0]);
  ASSERT_EQ(read.messages.size(), 3U);
  EXPECT_EQ(read.messages[0].end, kReplies[0].find("HTTP/1.1 100"));
  EXPECT_EQ(read.messages[1].end, kReplies[0].find("HTTP/1.1 204"));
  EXPECT_TRUE(read.messages[2].complete);
}

}  // namespace
}  // namespace wp::http::test
