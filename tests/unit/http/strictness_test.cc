// The list of what proxies have been broken with. Each line of it is refused, under its own name.
#include <gtest/gtest.h>

#include "tests/unit/http/parse.h"
#include "tests/unit/http/transcript.h"

namespace wp::http::test {
namespace {

TEST(Strictness, ContentLengthAndTransferEncodingTogether) {
  EXPECT_EQ(reason_of_fields("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), Reason::ambiguous_framing);
  EXPECT_EQ(reason_of_fields("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), Reason::ambiguous_framing);
}

TEST(Strictness, RepeatedContentLength) {
  EXPECT_EQ(reason_of_fields("Content-Length: 4\r\nContent-Length: 5\r\n"), Reason::ambiguous_framing);
  EXPECT_EQ(reason_of_fields("Content-Length: 4\r\nContent-Length: 4\r\n"), Reason::ambiguous_framing);
}

TEST(Strictness, ContentLengthList) {
  EXPECT_EQ(reason_of_fields("Content-Length: 4, 5\r\n"), Reason::bad_content_length);
  EXPECT_EQ(reason_of_fields("Content-Length: 4,4\r\n"), Reason::bad_content_length);
}

TEST(Strictness, EmptyContentLength) {
  EXPECT_EQ(reason_of_fields("Content-Length:\r\n"), Reason::bad_content_length);
  EXPECT_EQ(reason_of_fields("Content-Length: \t \r\n"), Reason::bad_content_length);
}

TEST(Strictness, ContentLengthThatIsNotOnlyDigits) {
  for (const std::string value : {"+4", "-4", "4_0", "0x4", "4 2", "4.0", "4e1", "abc", "4;", "\"4\"", "\xc2\xb2"}) {
    EXPECT_EQ(reason_of_fields("Content-Length: " + value + "\r\n"), Reason::bad_content_length) << value;
  }
}

TEST(Strictness, ContentLengthOverflow) {
  EXPECT_EQ(reason_of_fields("Content-Length: 18446744073709551616\r\n"), Reason::bad_content_length);
  EXPECT_EQ(reason_of_fields("Content-Length: 99999999999999999999999999\r\n"), Reason::bad_content_length);
  EXPECT_EQ(request(with_fields("Content-Length: 9999999999999999999\r\n"))->content_length, 9999999999999999999U);
}

TEST(Strictness, EmptyHeaderName) {
  EXPECT_EQ(reason_of_fields(": value\r\n"), Reason::bad_header);
}

TEST(Strictness, WhitespaceBeforeTheColon) {
  EXPECT_EQ(reason_of_fields("Content-Length : 4\r\n"), Reason::bad_header);
  EXPECT_EQ(reason_of_fields("X\t: 4\r\n"), Reason::bad_header);
}

TEST(Strictness, ALineWithoutColon) {
  EXPECT_EQ(reason_of_fields("X\r\n"), Reason::bad_header);
  EXPECT_EQ(reason_of_fields("name\r\n : value\r\n"), Reason::bad_header);
}

TEST(Strictness, ObsFold) {
  EXPECT_EQ(reason_of_fields("X: 1\r\n 2\r\n"), Reason::bad_header);
  EXPECT_EQ(reason_of_fields("X: 1\r\n\tTransfer-Encoding: chunked\r\n"), Reason::bad_header);
  EXPECT_EQ(reason_of_request("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), Reason::bad_header);
}

TEST(Strictness, NulInAValue) {
  EXPECT_EQ(reason_of_fields(std::string_view("X: a\0b\r\n", 8)), Reason::bad_header);
}

TEST(Strictness, BareCrInAValue) {
  EXPECT_EQ(reason_of_fields("X: a\rb\r\n"), Reason::bad_line_end);
  EXPECT_EQ(reason_of_fields("X: a\r\r\n"), Reason::bad_line_end);
  EXPECT_EQ(reason_of_fields("Content\rLength: 3\r\n"), Reason::bad_line_end);
  EXPECT_EQ(reason_of_fields("\rX: 1\r\n"), Reason::bad_line_end);
}

TEST(Strictness, BareLfLineEnds) {
  EXPECT_EQ(reason_of_fields("X: a\n"), Reason::bad_line_end);
  EXPECT_EQ(reason_of_fields("X: a\nTransfer-Encoding: chunked\r\n"), Reason::bad_line_end);
  EXPECT_EQ(reason_of_request("GET / HTTP/1.1\nHost: a\r\n\r\n"), Reason::bad_line_end);
  EXPECT_EQ(reason_of_request("GET / HTTP/1.1\r\nHost: a\r\n\n"), Reason::bad_line_end);
}

TEST(Strictness, BareCrInTheRequestLine) {
  EXPECT_EQ(reason_of_request("GET / HTTP/1.1\rHost: a\r\n\r\n"), Reason::bad_line_end);
  EXPECT_EQ(reason_of_request("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_line_end);
  EXPECT_EQ(reason_of_request("GET\r / HTTP/1.1\r\nHost: a\r\n\r\n"), Reason::bad_line_end);
}

TEST(Strictness, TransferEncodingThatIsNotExactlyChunked) {
  for (const std::string value : {"identity", "gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "chunked,",
                                  ",chunked", "chunkedchunked", "xchunked", "chunked;q=1", "\"chunked\"", "chunk", "",
                                  "\x0b"
                                  "chunked",
                                  "chunked\x0c"}) {
    const Reason reason = reason_of_fields("Transfer-Encoding: " + value + "\r\n");
    EXPECT_TRUE(reason == Reason::bad_transfer_encoding || reason == Reason::bad_header) << value;
  }
  EXPECT_EQ(reason_of_fields("Transfer-Encoding: ChunkeD \r\n"), Reason::none);
}

TEST(Strictness, RepeatedTransferEncoding) {
  EXPECT_EQ(reason_of_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
            Reason::bad_transfer_encoding);
  EXPECT_EQ(reason_of_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
            Reason::bad_transfer_encoding);
}

TEST(Strictness, TransferEncodingInHttp10) {
  EXPECT_EQ(reason_of_request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), Reason::bad_transfer_encoding);
}

TEST(Strictness, ChunkSizeThatIsNotOnlyHexDigits) {
  for (const std::string size :
       {"0x1", "1_0", "+1", "-1", " 1", "1 ", "\t1", "g", "", "1\t;a", "1 ;a", "\"1\"", "1.0"}) {
    EXPECT_TRUE(chunked_is_refused(size + "\r\na\r\n0\r\n\r\n")) << size;
  }
}

TEST(Strictness, ChunkSizeOverflow) {
  EXPECT_TRUE(chunked_is_refused("10000000000000000\r\n"));
  EXPECT_TRUE(chunked_is_refused("00000000000000001\r\na\r\n0\r\n\r\n"));
  EXPECT_TRUE(chunked_is_refused("1\r\na\r\nffffffffffffffff\r\n"));
}

TEST(Strictness, ChunkLinesThatEndInLf) {
  EXPECT_TRUE(chunked_is_refused("1\na\r\n0\r\n\r\n"));
  EXPECT_TRUE(chunked_is_refused("1\r\na\r\n0\n\r\n"));
  EXPECT_TRUE(chunked_is_refused("1\r\na\r\n0\r\n\n"));
  EXPECT_TRUE(chunked_is_refused("1\r\na\n0\r\n\r\n"));
}

TEST(Strictness, ChunkExtensionWithLf) {
  EXPECT_TRUE(chunked_is_refused("1;a\nb\r\na\r\n0\r\n\r\n"));
  EXPECT_TRUE(chunked_is_refused("1;\n\r\na\r\n0\r\n\r\n"));
  EXPECT_TRUE(chunked_is_refused("1;a=\"\n\"\r\na\r\n0\r\n\r\n"));
  EXPECT_TRUE(chunked_is_refused("1;a\rb\r\na\r\n0\r\n\r\n"));
}

TEST(Strictness, MissingCrlfBehindChunkData) {
  EXPECT_TRUE(chunked_is_refused("5\r\nABCDE0\r\n\r\n"));
  EXPECT_TRUE(chunked_is_refused("5\r\nABCDEF\r\n0\r\n\r\n"));
  EXPECT_TRUE(chunked_is_refused("5\r\nABCDE\rX0\r\n\r\n"));
}

TEST(Strictness, TrailersWithFramingOrRoutingFields) {
  for (const std::string name :
       {"Content-Length", "transfer-encoding", "Host", "Connection", "Trailer", "TE", "Upgrade", "Authorization",
        "X-Api-Key", "Expect", "Content-Encoding", "X-Forwarded-For", "Keep-Alive", "Proxy-Authorization"}) {
    EXPECT_TRUE(chunked_is_refused("0\r\n" + name + ": 1\r\n\r\n")) << name;
  }
}

TEST(Strictness, CommaOrUserinfoInTheAuthority) {
  EXPECT_EQ(reason_of_request("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), Reason::bad_host);
  EXPECT_EQ(reason_of_request("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), Reason::bad_host);
  EXPECT_EQ(reason_of_target("http://u@a/"), Reason::bad_target);
  EXPECT_EQ(reason_of_target("http://u:p@a/"), Reason::bad_target);
  EXPECT_EQ(reason_of_target("http://a,b/"), Reason::bad_target);
}

TEST(Strictness, EmptyHost) {
  EXPECT_EQ(reason_of_request("GET / HTTP/1.1\r\nHost:\r\n\r\n"), Reason::bad_host);
}

TEST(Strictness, AbsoluteFormThatContradictsHost) {
  EXPECT_EQ(reason_of_target("http://b/"), Reason::bad_host);
  EXPECT_EQ(reason_of_target("http://a:81/"), Reason::bad_host);
  EXPECT_EQ(reason_of_target("http://b"), Reason::bad_host);
}

TEST(Strictness, SchemesOtherThanHttp) {
  EXPECT_EQ(reason_of_target("https://a/"), Reason::bad_target);
  EXPECT_EQ(reason_of_target("file:///etc/passwd"), Reason::bad_target);
  EXPECT_EQ(reason_of_target("httpx://a/"), Reason::bad_target);
}

TEST(Strictness, ControlsAndSpacesInTheTarget) {
  EXPECT_EQ(reason_of_target("/a\tb"), Reason::bad_target);
  EXPECT_EQ(reason_of_target(std::string_view("/a\0b", 4)), Reason::bad_target);
  EXPECT_EQ(reason_of_target("/a\x7f"), Reason::bad_target);
  EXPECT_EQ(reason_of_target("/\xc3\xa4"), Reason::bad_target);
  EXPECT_EQ(reason_of_target("/a b"), Reason::bad_request_line);
}

TEST(Strictness, Http09) {
  EXPECT_EQ(reason_of_request("GET /\r\n"), Reason::bad_request_line);
  EXPECT_EQ(reason_of_request("GET / \r\n"), Reason::bad_request_line);
}

TEST(Strictness, ExpectIsNeverForwarded) {
  const ParsedRequest head = request(with_fields("Expect: 100-continue\r\nContent-Length: 2\r\n"));
  ASSERT_TRUE(head.complete());
  EXPECT_EQ(forward(head.head()).find("xpect"), std::string::npos);
}

TEST(Strictness, BytesBehindConnectionCloseAreNotRead) {
  const std::string first = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab";
  const Transcript read = read_whole(Terms{}, first + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(read.messages.size(), 1U);
  EXPECT_TRUE(read.last);
  EXPECT_EQ(read.messages[0].end, first.size());
}

TEST(Strictness, RepliesThatMayHaveNoBodyButFrameOne) {
  for (const std::string status : {"100 Continue", "101 Switching Protocols", "103 Early Hints", "204 No Content"}) {
    EXPECT_EQ(reply("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n").reason(), Reason::replica_bad_framing);
    EXPECT_EQ(reply("HTTP/1.1 " + status + "\r\nTransfer-Encoding: chunked\r\n\r\n").reason(),
              Reason::replica_bad_framing);
  }
}

TEST(Strictness, PrematureEndIsNoProperEnd) {
  BodyReader reader;
  reader.begin(Framing::length, 5, Fault::replica);
  EXPECT_EQ(read_body(reader, "abcd").payload, "abcd");
  EXPECT_FALSE(reader.closed());
  reader.begin(Framing::chunked, 0, Fault::replica);
  EXPECT_EQ(read_body(reader, "1\r\na\r\n").payload, "a");
  EXPECT_FALSE(reader.closed());
  reader.begin(Framing::chunked, 0, Fault::replica);
  EXPECT_EQ(read_body(reader, "1\r\na\r\n0\r\n\r").payload, "a");
  EXPECT_FALSE(reader.closed());
}

}  // namespace
}  // namespace wp::http::test
