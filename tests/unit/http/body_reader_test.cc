#include "dataplane/http/body_reader.h"

#include <gtest/gtest.h>

#include "dataplane/http/chunk_line.h"
#include "dataplane/http/trailers.h"
#include "tests/unit/http/parse.h"

namespace wp::http::test {
namespace {

TEST(BodyReader, NoneAndLengthZeroAreDoneAtOnce) {
  BodyReader reader;
  reader.begin(Framing::none, 0, Fault::client);
  EXPECT_TRUE(reader.done());
  reader.begin(Framing::length, 0, Fault::client);
  EXPECT_TRUE(reader.done());
  const Result<BodyReader::Step> step = reader.feed(std::as_bytes(std::span(std::string_view("GET"))));
  ASSERT_TRUE(step);
  EXPECT_EQ(step->taken, 0U);
  EXPECT_TRUE(step->done);
}

TEST(BodyReader, LengthTakesItsBytesAndNoMore) {
  BodyReader reader;
  reader.begin(Framing::length, 5, Fault::client);
  EXPECT_EQ(reader.remaining(), 5U);
  EXPECT_EQ(read_body(reader, "ab").payload, "ab");
  EXPECT_EQ(reader.remaining(), 3U);
  EXPECT_EQ(reader.received(), 2U);
  const ReadBody rest = read_body(reader, "cdeGET /");
  EXPECT_EQ(rest.payload, "cde");
  EXPECT_EQ(rest.taken, 3U);
  EXPECT_TRUE(rest.done);
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_TRUE(reader.closed());
}

TEST(BodyReader, UntilCloseTakesAllAndEndsWithTheConnection) {
  BodyReader reader;
  reader.begin(Framing::until_close, 0, Fault::replica);
  EXPECT_EQ(read_body(reader, "anything").payload, "anything");
  EXPECT_FALSE(reader.done());
  EXPECT_TRUE(reader.closed());
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(reader.received(), 8U);
}

TEST(BodyReader, PayloadIsPartOfTheInput) {
  const std::string_view bytes = "4\r\nabcd\r\n";
  BodyReader reader;
  reader.begin(Framing::chunked, 0, Fault::client);
  const Result<BodyReader::Step> step = reader.feed(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(step);
  EXPECT_EQ(reinterpret_cast<const char*>(step->payload.data()), bytes.data() + 3);
  EXPECT_EQ(step->payload.size(), 4U);
  EXPECT_EQ(step->taken, 7U);  // the CRLF behind belongs to the next step
}

TEST(BodyReader, ChunksAreJoinedAndTheRestIsLeft) {
  const std::string_view bytes = "5\r\nhello\r\n0006\r\n world\r\nA\r\n0123456789\r\n000\r\n\r\n";
  const ReadBody body = read_chunked(std::string(bytes) + "GET /");
  EXPECT_FALSE(body.error);
  EXPECT_TRUE(body.done);
  EXPECT_EQ(body.payload, "hello world0123456789");
  EXPECT_EQ(body.taken, bytes.size());
}

TEST(BodyReader, PayloadBeforeAnErrorIsHandedOut) {
  const ReadBody body = read_chunked("3\r\nabcX");
  EXPECT_EQ(body.payload, "abc");
  ASSERT_TRUE(body.error);
  EXPECT_EQ(*body.error, (Error{Reason::bad_chunk, 6}));
}

TEST(BodyReader, BlameIsTheSenders) {
  EXPECT_EQ(read_chunked("x", Fault::client).error->reason, Reason::bad_chunk);
  EXPECT_EQ(read_chunked("x", Fault::replica).error->reason, Reason::replica_bad_framing);
}

TEST(BodyReader, SizesOfSixteenDigitsAreRead) {
  EXPECT_EQ(read_chunked("0000000000000002\r\nab\r\n0\r\n\r\n").payload, "ab");
  EXPECT_FALSE(read_chunked("ffffffffffffffff\r\nab").error);
}

TEST(BodyReader, ExtensionsAreReadAndDropped) {
  for (const std::string extension :
       {";a", ";a=b", ";a=\"b c\"", ";a=\"\\\"\\\\\"", ";a=\"\"", ";a;b=c;d=\"e\"", ";!#$=~", ";a=\"\t\xff\""}) {
    const ReadBody body = read_chunked("1" + extension + "\r\nx\r\n0" + extension + "\r\n\r\n");
    EXPECT_TRUE(body.done && !body.error) << extension;
    EXPECT_EQ(body.payload, "x") << extension;
  }
}

TEST(BodyReader, MalformedExtensionsAreRefused) {
  for (const std::string extension :
       {";", ";;a", ";a;", "; a", ";a ", ";a =b", ";a= b", ";a=", ";=b", ";a=b=c", ";a=\"b", ";a=\"b\"c",
        ";a=\"b\\\r\n", ";\x01", ";a=\x7f", ";a=\"\x01\"", ";a,b", " ;a", "a;"}) {
    EXPECT_TRUE(chunked_is_refused("g" + extension + "\r\n"));
    if (extension != "a;") {
      EXPECT_TRUE(chunked_is_refused("1" + extension + "\r\nx\r\n0\r\n\r\n")) << extension;
    }
  }
}

TEST(BodyReader, ExtensionsOfALineAreBounded) {
  const std::string most = ";" + std::string(ChunkLine::kMaxExtensionBytes, 'a');
  EXPECT_FALSE(read_chunked("1" + most + "\r\nx").error);
  EXPECT_TRUE(chunked_is_refused("1" + most + "a\r\nx"));
}

TEST(BodyReader, ExtensionsOfABodyAreBounded) {
  const std::string chunk = "1;" + std::string(ChunkLine::kMaxExtensionBytes, 'a') + "\r\nx\r\n";
  std::string bytes;
  for (std::uint32_t i = 0; i < ChunkLine::kMaxBodyExtensionBytes / ChunkLine::kMaxExtensionBytes; ++i) bytes += chunk;
  EXPECT_FALSE(read_chunked(bytes).error);
  EXPECT_TRUE(chunked_is_refused(bytes + "1;a\r\nx\r\n"));
  BodyReader reader;
  reader.begin(Framing::chunked, 0, Fault::client);
  EXPECT_FALSE(read_body(reader, bytes).error);
  reader.begin(Framing::chunked, 0, Fault::client);  // the next body starts anew
  EXPECT_FALSE(read_body(reader, bytes).error);
}

TEST(BodyReader, TrailersAreCheckedAndDropped) {
  const ReadBody body = read_chunked("1\r\nx\r\n0\r\nVary: *\r\nX-Sum:\t1 \xff\r\nX-Empty:\r\n\r\n");
  EXPECT_TRUE(body.done);
  EXPECT_EQ(body.payload, "x");
  for (const std::string line : {"X : 1\r\n", ": 1\r\n", " X: 1\r\n", "X\r\n", "X: \x01\r\n", "X: 1\n", "X: 1\rY\r\n",
                                 "X: 1\r\n 2\r\n", "X(: 1\r\n", "\rX\r\n"}) {
    EXPECT_TRUE(chunked_is_refused("0\r\n" + line + "\r\n")) << line;
  }
}

TEST(BodyReader, LongTrailerNamesThatBeginLikeAForbiddenOneAreRead) {
  EXPECT_TRUE(read_chunked("0\r\nProxy-Authorization-Not: 1\r\nHosts: a\r\n\r\n").done);
}

TEST(BodyReader, TrailersAreBounded) {
  std::string lines;
  for (std::uint32_t i = 0; i < Trailers::kMaxFields; ++i) lines += "X: 1\r\n";
  EXPECT_TRUE(read_chunked("0\r\n" + lines + "\r\n").done);
  EXPECT_TRUE(chunked_is_refused("0\r\n" + lines + "X: 1\r\n\r\n"));
  const std::string most(Trailers::kMaxBytes - 7, 'v');  // "X:" and two line ends, one of them blank
  EXPECT_TRUE(read_chunked("0\r\nX:" + most.substr(1) + "\r\n\r\n").done);
  EXPECT_TRUE(chunked_is_refused("0\r\nX:" + most + "vv\r\n\r\n"));
}

TEST(BodyReader, PayloadMayPassBy) {
  BodyReader reader;
  reader.begin(Framing::length, 10, Fault::client);
  reader.skip(0);
  reader.skip(4);
  EXPECT_EQ(reader.remaining(), 6U);
  EXPECT_EQ(reader.received(), 4U);
  EXPECT_FALSE(reader.done());
  reader.skip(6);
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(reader.received(), 10U);
}

TEST(BodyReaderDeathTest, FeedingAfterAnErrorIsAWrongProgram) {
  BodyReader reader;
  reader.begin(Framing::chunked, 0, Fault::client);
  ASSERT_TRUE(read_body(reader, "x").error);
  EXPECT_DEATH((void)reader.feed({}), "assertion failed");
}

}  // namespace
}  // namespace wp::http::test
