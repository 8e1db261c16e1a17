#include "controlplane/feeds/msgpack_reader.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace wp::feeds {
namespace {

using Type = MsgpackValue::Kind;
using namespace std::string_view_literals;

MsgpackValue only(std::string_view bytes) {
  MsgpackReader reader(bytes);
  const MsgpackValue value = reader.next();
  EXPECT_TRUE(reader.done());
  return value;
}

TEST(MsgpackReader, NumbersOfAllWidthsAreRead) {
  EXPECT_EQ(only("\x7f"sv).natural, 127U);
  EXPECT_EQ(only("\xcc\xff"sv).natural, 255U);
  EXPECT_EQ(only("\xcd\x01\x02"sv).natural, 0x102U);
  EXPECT_EQ(only("\xce\x01\x02\x03\x04"sv).natural, 0x1020304U);
  EXPECT_EQ(only("\xcf\xff\xff\xff\xff\xff\xff\xff\xfe"sv).natural, UINT64_MAX - 1);
  EXPECT_EQ(only("\xff"sv).integer, -1);
  EXPECT_EQ(only("\xd0\x80"sv).integer, -128);
  EXPECT_EQ(only("\xd1\xff\x00"sv).integer, -256);
  EXPECT_EQ(only("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"sv).integer, INT64_MIN);
  EXPECT_EQ(only("\xd1\x01\x00"sv).kind, Type::natural) << "signed, and not below 0";
  EXPECT_EQ(only("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"sv).real, 1.5);
  EXPECT_EQ(only("\xca\x3f\xc0\x00\x00"sv).real, 1.5);
}

TEST(MsgpackReader, TextsBytesAndOthersAreRead) {
  EXPECT_EQ(only("\xa3"
                 "abc"sv)
                .text,
            "abc");
  EXPECT_EQ(only("\xd9\x01"
                 "a"sv)
                .kind,
            Type::text);
  EXPECT_EQ(only("\xc4\x02\x00\x01"sv).text, "\x00\x01"sv);
  EXPECT_EQ(only("\xc0"sv).kind, Type::nil);
  EXPECT_TRUE(only("\xc3"sv).truth);
  EXPECT_EQ(only("\xd4\x05"
                 "x"sv)
                .kind,
            Type::extension);
}

TEST(MsgpackReader, WhatIsInArraysAndMapsIsSkipped) {
  MsgpackReader reader(
      "\x93\x82\xa1"
      "a\x91\x01\xa1"
      "b\xc0\xdc\x00\x01\x02\xc7\x01\x09"
      "z\x2a"sv);
  EXPECT_TRUE(reader.skip());
  EXPECT_EQ(reader.next().natural, 42U);
  EXPECT_TRUE(reader.done());
}

TEST(MsgpackReader, WhatIsCutShortIsAnError) {
  for (const std::string_view cut : {"\xcd\x01"sv,
                                     "\xa3"
                                     "ab"sv,
                                     "\xdd\xff\xff\xff\xff\x01"sv, ""sv, "\xc1"sv}) {
    MsgpackReader reader(cut);
    EXPECT_FALSE(reader.skip());
    EXPECT_FALSE(reader.done());
    EXPECT_EQ(reader.next().kind, Type::none) << "it stays an error";
  }
}

TEST(MsgpackReader, DepthIsBounded) {
  EXPECT_TRUE(MsgpackReader(std::string(MsgpackReader::kMaxDepth, '\x91') + "\x01").skip());
  const std::string deep = std::string(MsgpackReader::kMaxDepth + 1, '\x91') + "\x01";
  EXPECT_FALSE(MsgpackReader(deep).skip());
}

}  // namespace
}  // namespace wp::feeds
