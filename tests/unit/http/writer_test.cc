#include "dataplane/http/writer.h"

#include <array>

#include <gtest/gtest.h>

#include "tests/unit/http/parse.h"
#include "tests/unit/http/transcript.h"

namespace wp::http::test {
namespace {

template <class Write>
std::string written(Write&& write, std::size_t room = 4096) {
  std::vector<std::byte> memory(room);
  Writer out(memory);
  write(out);
  EXPECT_FALSE(out.overflowed());
  return {reinterpret_cast<const char*>(out.written().data()), out.size()};
}

std::string end_to_end(std::string_view lines, std::span<const Name> skip = {}) {
  const ParsedRequest head = request(with_fields(lines));
  EXPECT_TRUE(head.complete());
  return written([&](Writer& out) { write_end_to_end_fields(out, head.head(), skip); });
}

TEST(Writer, NumbersAreDecimalAndHex) {
  EXPECT_EQ(written([](Writer& out) {
              out.number(0);
              out.text(" ");
              out.number(18446744073709551615U);
              out.text(" ");
              out.hex(0);
              out.text(" ");
              out.hex(0xfedcba9876543210U);
            }),
            "0 18446744073709551615 0 fedcba9876543210");
}

TEST(Writer, LinesHaveTheirForm) {
  EXPECT_EQ(written([](Writer& out) { write_request_line(out, "POST", "/v1?a"); }), "POST /v1?a HTTP/1.1\r\n");
  EXPECT_EQ(written([](Writer& out) { write_status_line(out, 200, ""); }), "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(written([](Writer& out) { write_status_line(out, 503, "Busy"); }), "HTTP/1.1 503 Busy\r\n");
  EXPECT_EQ(written([](Writer& out) { write_status_line(out, 299, ""); }), "HTTP/1.1 299 \r\n");
  EXPECT_EQ(written([](Writer& out) { out.field("Age", std::uint64_t{7}); }), "Age: 7\r\n");
  EXPECT_EQ(written([](Writer& out) { out.field("X", "a b"); }), "X: a b\r\n");
}

TEST(Writer, FramingHasAtMostOneLine) {
  const auto framing = [](Framing f) { return written([f](Writer& out) { write_framing(out, f, 12); }); };
  EXPECT_EQ(framing(Framing::length), "Content-Length: 12\r\n");
  EXPECT_EQ(framing(Framing::chunked), "Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(framing(Framing::none), "");
  EXPECT_EQ(framing(Framing::until_close), "");
}

TEST(Writer, ChunksReadBackAsWhatWasWritten) {
  std::string bytes;
  for (const std::string_view piece : {"a", "0123456789abcdef"}) {
    bytes += written([piece](Writer& out) { write_chunk_start(out, piece.size()); });
    bytes.append(piece).append(kChunkEnd);
  }
  bytes += kLastChunk;
  EXPECT_EQ(bytes, "1\r\na\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
  const ReadBody body = read_chunked(bytes);
  EXPECT_TRUE(body.done);
  EXPECT_EQ(body.payload, "a0123456789abcdef");
  EXPECT_LE(written([](Writer& out) { write_chunk_start(out, UINT64_MAX); }).size(), 18U);
}

TEST(Writer, OverflowIsRememberedAndNothingMoreIsWritten) {
  std::array<std::byte, 8> room;
  Writer out(room);
  out.text("12345678");
  EXPECT_FALSE(out.overflowed());
  out.text("");
  EXPECT_FALSE(out.overflowed());
  Writer small(room);
  small.text("12345");
  small.text("6789");
  EXPECT_TRUE(small.overflowed());
  small.text("6");
  EXPECT_TRUE(small.overflowed());
  EXPECT_EQ(small.size(), 5U);
}

TEST(Writer, EndToEndFieldsAreNormalisedInOrder) {
  EXPECT_EQ(end_to_end("A:1\r\nB: 2\r\nC: 3\r\nD:  4 \r\nE: 5\r\nF:\r\nG: \r\nH: 8\t\r\n"),
            "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: \r\nG: \r\nH: 8\r\n");
}

TEST(Writer, ABlankOtherThanSpaceIsNormalised) {
  EXPECT_EQ(end_to_end("A:\t1\r\n"), "A: 1\r\n");
}

TEST(Writer, HopByHopFramingHostAndExpectAreLeftOut) {
  EXPECT_EQ(end_to_end("A: 1\r\nConnection: x-hop\r\nTE: trailers\r\nX-Hop: 1\r\nB: 2\r\nContent-Length: 5\r\n"
                       "Expect: 100-continue\r\nTrailer: z\r\nUpgrade: h2c\r\nKeep-Alive: 5\r\nC: 3\r\n"),
            "A: 1\r\nB: 2\r\nC: 3\r\n");
  EXPECT_EQ(end_to_end("Transfer-Encoding: chunked\r\nProxy-Authorization: x\r\nProxy-Connection: x\r\n"), "");
}

TEST(Writer, SkippedNamesAreLeftOut) {
  const Name skip[] = {Name::authorization, Name::via};
  EXPECT_EQ(end_to_end("Authorization: a\r\nA: 1\r\nVia: b\r\nvia: c\r\nB: 2\r\n", skip), "A: 1\r\nB: 2\r\n");
}

TEST(Writer, ARequestReadsBackEqual) {
  const std::string forwarded =
      forward(request("PATCH http://h:81?q HTTP/1.1\r\nA:1\r\nhost: H:81\r\nB: 2\r\nContent-Length: 3\r\n\r\n").head());
  EXPECT_EQ(forwarded, "PATCH /?q HTTP/1.1\r\nHost: H:81\r\nA: 1\r\nB: 2\r\nContent-Length: 3\r\n\r\n");
  const ParsedRequest again = request(forwarded);
  ASSERT_TRUE(again.complete());
  EXPECT_EQ(again->method, Method::patch);
  EXPECT_EQ(again->target(), "/?q");
  EXPECT_EQ(again->host(), "H:81");
  EXPECT_EQ(again->framing, Framing::length);
  EXPECT_EQ(again->content_length, 3U);
  EXPECT_EQ(forward(again.head()), forwarded);
}

TEST(Writer, AReplyReadsBackEqual) {
  const std::string bytes = "HTTP/1.1 429 Slow Down\r\nRetry-After: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
  const ParsedReply head = reply(bytes);
  ASSERT_TRUE(head.complete());
  EXPECT_EQ(forward(head.head()), bytes);
}

TEST(WriterDeathTest, AValueThatCouldSplitTheHeadIsAWrongProgram) {
  std::vector<std::byte> room(100);
  Writer out(room);
  EXPECT_DEATH(out.field("X", "a\r\nY: b"), "assertion failed");
  EXPECT_DEATH(out.field("X", std::string_view("\0", 1)), "assertion failed");
  EXPECT_DEATH(write_status_line(out, 200, "a\nb"), "assertion failed");
  EXPECT_DEATH(write_chunk_start(out, 0), "assertion failed");
}

}  // namespace
}  // namespace wp::http::test
