#include "dataplane/prompt/canonical.h"

#include <string>

#include <gtest/gtest.h>

namespace wp::prompt {
namespace {

using namespace std::string_view_literals;

TEST(CanonicalSink, FramesPiecesAndTexts) {
  CanonicalSink sink;
  sink.start();
  sink.piece(Piece::role);
  sink.text("user");
  sink.end();
  EXPECT_EQ(sink.chunk(), "\xF9ruser\xF8\xFA"sv);
  EXPECT_EQ(sink.bytes(), 8U);
}

TEST(CanonicalSink, WritesIntegersLittleEndian) {
  CanonicalSink sink;
  sink.start();
  sink.put_little_endian(0x0102030405060708, 8);
  sink.put_little_endian(0x0A0B0C0D, 4);
  EXPECT_EQ(sink.chunk(), "\x08\x07\x06\x05\x04\x03\x02\x01\x0D\x0C\x0B\x0A"sv);
}

TEST(CanonicalSink, KeepsTheFirstChunkAndCountsTheRest) {
  CanonicalSink sink;
  sink.start();
  const std::string text(700, 'a');
  sink.text(text);
  EXPECT_EQ(sink.room(), kFirstChunkBytes - 701);
  sink.text(text);
  EXPECT_EQ(sink.room(), 0U);
  EXPECT_EQ(sink.bytes(), 1402U);
  EXPECT_EQ(sink.chunk(), std::string(text + '\xF8' + text).substr(0, kFirstChunkBytes));
}

TEST(CanonicalSink, ClosedChunkTakesNothingMore) {
  CanonicalSink sink;
  sink.start();
  sink.text("one");
  sink.close_chunk();
  sink.text("two");
  EXPECT_EQ(sink.chunk(), "one\xF8"sv);
  EXPECT_EQ(sink.bytes(), 8U);
}

TEST(CanonicalSink, StartsAfresh) {
  CanonicalSink sink;
  sink.start();
  sink.text(std::string(5000, 'a'));
  sink.start();
  EXPECT_EQ(sink.bytes(), 0U);
  EXPECT_EQ(sink.chunk(), "");
  EXPECT_EQ(sink.room(), kFirstChunkBytes);
}

}  // namespace
}  // namespace wp::prompt
