#include "dataplane/prompt/canonical.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/prompt/stream_text.h"

namespace wp::prompt {
namespace {

using namespace std::string_view_literals;
using testing::whole;

TEST(CanonicalSink, FramesPiecesAndTexts) {
  CanonicalSink sink;
  sink.start();
  sink.piece(Piece::role);
  sink.text("user");
  sink.end();
  EXPECT_EQ(sink.bytes(), 8U);
  EXPECT_EQ(whole(sink), "\xF9ruser\xF8\xFA"sv);
}

TEST(CanonicalSink, WritesIntegersLittleEndian) {
  CanonicalSink sink;
  sink.start();
  sink.put_little_endian(0x0102030405060708, 8);
  sink.put_little_endian(0x0A0B0C0D, 4);
  EXPECT_EQ(whole(sink), "\x08\x07\x06\x05\x04\x03\x02\x01\x0D\x0C\x0B\x0A"sv);
}

// Whether a text is copied or referred to, and wherever a block ends, the stream is the same.
TEST(CanonicalSink, KeepsTheOrderOfShortAndLongTexts) {
  CanonicalSink sink;
  for (const std::size_t size : {1U, 127U, 128U, 129U, 5000U, 200'000U}) {
    sink.start();
    const std::string text(size, 'a');
    std::string expected;
    for (int i = 0; i < 2000; ++i) {
      const std::string number = std::to_string(i);
      sink.text(number);
      expected += number + '\xF8';
      if (i % 100 != 0) continue;
      sink.text(text);
      expected += text + '\xF8';
      EXPECT_EQ(sink.bytes(), expected.size());
    }
    EXPECT_EQ(whole(sink), expected) << size;
    EXPECT_EQ(sink.bytes(), expected.size());
  }
}

// The same calls for a stream that is only counted, the sink having been used for one that is not.
TEST(CanonicalSink, CountsWithoutKeeping) {
  CanonicalSink sink;
  std::uint32_t sizes[2] = {};
  for (const bool counted : {false, true}) {
    sink.start(counted);
    EXPECT_EQ(sink.counted(), counted);
    for (int i = 0; i < 20'000; ++i) {
      sink.piece(Piece::content);
      sink.text(std::string(static_cast<std::size_t>(i % 700), 'a'));
      sink.put_number('i', 7);
    }
    sink.media(std::string(400, 'A'), 90);
    sink.end();
    EXPECT_EQ(sink.finish().empty(), counted);
    sizes[counted ? 1 : 0] = sink.bytes();
  }
  EXPECT_EQ(sizes[0], sizes[1]);
  sink.start();
  sink.text("whole again");
  EXPECT_EQ(whole(sink), "whole again\xF8"sv);
}

TEST(CanonicalSink, RemembersWhereTurnsEnd) {
  CanonicalSink sink;
  sink.start();
  sink.text("tools");
  for (const std::string_view role : {"system", "developer", "assistant", "user", "user", "system"}) {
    sink.begin_turn(role == "system" || role == "developer");
    sink.text(role);
    sink.end_turn(role == "user");
  }
  EXPECT_TRUE(sink.marks().opened && sink.marks().asked);
  EXPECT_EQ(sink.marks().opening, 6U + 7 + 10);
  EXPECT_EQ(sink.marks().question, 6U + 7 + 10 + 10 + 5);
  EXPECT_EQ(sink.marks().turns, 6U);
  EXPECT_EQ(sink.marks().turn_ends[5], sink.bytes());
}

TEST(CanonicalSink, StartsAfresh) {
  CanonicalSink sink;
  sink.start();
  sink.begin_turn(false);
  sink.text(std::string(5000, 'a'));
  sink.end_turn(true);
  sink.start();
  EXPECT_EQ(sink.bytes(), 0U);
  EXPECT_EQ(whole(sink), "");
  EXPECT_FALSE(sink.marks().opened || sink.marks().asked || sink.marks().turns != 0);
}

}  // namespace
}  // namespace wp::prompt
