#include "dataplane/prompt/value.h"

#include <string>

#include <gtest/gtest.h>

namespace wp::prompt {
namespace {

using namespace std::string_literals;

struct Written {
  std::string chunk;
  std::uint64_t bytes = 0;
};

// `skip` bytes are written first, to bring the end of the chunk near.
Written write(std::string_view json, std::size_t skip = 0) {
  simdjson::dom::parser parser;
  CanonicalSink sink;
  sink.start();
  sink.put(std::string(skip, '-').data(), skip);
  ValueWriter(sink).write(parser.parse(std::string(json)).value());
  return {std::string(sink.chunk().substr(skip)), sink.bytes() - skip};
}

std::string chunk(std::string_view json) {
  return write(json).chunk;
}

TEST(ValueWriter, WritesEveryType) {
  EXPECT_EQ(chunk("null"), "n");
  EXPECT_EQ(chunk("true"), "t");
  EXPECT_EQ(chunk("false"), "f");
  EXPECT_EQ(chunk(R"("a\u0041\n")"), "saA\n\xF8");
  EXPECT_EQ(chunk("258"), "i\x02\x01\0\0\0\0\0\0"s);
  EXPECT_EQ(chunk("-1"), "i\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  EXPECT_EQ(chunk("18446744073709551615"), "u\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  EXPECT_EQ(chunk("0.5"), "d\0\0\0\0\0\0\xE0\x3F"s);
  EXPECT_EQ(chunk(R"([null,[],"x"])"), "lnl\xFAsx\xF8\xFA");
  EXPECT_EQ(chunk(R"({"a":true})"),
            "oa\xF8"
            "t\xFA");
}

TEST(ValueWriter, TakesNumbersByValue) {
  EXPECT_EQ(chunk("1.0"), chunk("1"));
  EXPECT_EQ(chunk("1e2"), chunk("100"));
  EXPECT_EQ(chunk("-0.0"), chunk("0"));
  EXPECT_EQ(chunk("9223372036854775808.0"), chunk("9223372036854775808"));
  EXPECT_EQ(chunk("-9223372036854775808.0"), chunk("-9223372036854775808"));
  EXPECT_EQ(chunk("0.10"), chunk("1e-1"));
  EXPECT_NE(chunk("9007199254740993"), chunk("9007199254740992"));
  EXPECT_NE(chunk("0.1"), chunk("0.2"));
  EXPECT_NE(chunk("1"), chunk("\"1\""));
}

TEST(ValueWriter, SortsKeysByTheirBytes) {
  EXPECT_EQ(chunk(R"({"b":1,"a":2,"":3,"ab":4,"é":5})"), chunk(R"({"é":5,"ab":4,"":3,"a":2,"b":1})"));
  EXPECT_EQ(chunk(R"({"b":null,"a":null})"), "oa\xF8nb\xF8n\xFA");
  EXPECT_EQ(chunk(R"({"x":{"d":1,"c":2},"a":{"f":1,"e":2}})"), chunk(R"({"a":{"e":2,"f":1},"x":{"c":2,"d":1}})"));
}

TEST(ValueWriter, KeepsTheOrderOfEqualKeysAndOfArrays) {
  EXPECT_NE(chunk(R"({"a":1,"a":2})"), chunk(R"({"a":2,"a":1})"));
  EXPECT_NE(chunk("[1,2]"), chunk("[2,1]"));
}

TEST(ValueWriter, NestingCannotBeForged) {
  EXPECT_NE(chunk("[[1],2]"), chunk("[[1,2]]"));
  EXPECT_NE(chunk(R"(["a","b"])"), chunk(R"(["asb"])"));
  EXPECT_NE(chunk(R"({"a":{"b":null},"c":null})"), chunk(R"({"a":{"b":null,"c":null}})"));
}

// The chunk holds the smallest of any number of keys, and the count does not depend on where the chunk ends.
TEST(ValueWriter, FindsTheSmallestOfManyKeysWhateverTheirOrder) {
  std::string up = "{";
  std::string down = "{";
  for (int i = 0; i < 3000; ++i) {
    up += '"' + std::to_string(10000 + i) + "\":{\"z\":1,\"y\":[" + std::to_string(i) + "]},";
    const int j = 2999 - i;
    down += '"' + std::to_string(10000 + j) + "\":{\"y\":[" + std::to_string(j) + "],\"z\":1},";
  }
  up.back() = down.back() = '}';
  for (const std::size_t skip : {0, 1, 1000, 1020, 1021, 1022, 1023}) {
    const Written a = write(up, skip);
    const Written b = write(down, skip);
    EXPECT_EQ(a.chunk, b.chunk) << skip;
    EXPECT_EQ(a.chunk.size(), kFirstChunkBytes - skip);
    EXPECT_EQ(a.bytes, b.bytes);
    EXPECT_EQ(a.bytes, write(up, kFirstChunkBytes).bytes) << "counted behind the chunk";
  }
  EXPECT_TRUE(write(up).chunk.starts_with("o10000\xF8oy\xF8li"));
}

TEST(ValueWriter, CountsEachOfManyTinyMembersOnce) {
  std::string body = "{";
  for (int i = 0; i < 2000; ++i) body += "\"\":null,";
  body.back() = '}';
  EXPECT_EQ(write(body).bytes, 2 + 2000 * 2U);
  EXPECT_EQ(write(body, 1023).bytes, 2 + 2000 * 2U);
}

TEST(ValueWriter, LeavesOneMemberOut) {
  simdjson::dom::parser parser;
  CanonicalSink sink;
  ValueWriter values(sink);
  const auto written = [&](std::string_view json) {
    sink.start();
    values.write_object(parser.parse(std::string(json)).get_object().value(), "cache_control");
    return std::string(sink.chunk());
  };
  EXPECT_EQ(written(R"({"cache_control":{"type":"ephemeral"},"name":"a"})"), written(R"({"name":"a"})"));
  EXPECT_NE(written(R"({"x":{"cache_control":1}})"), written(R"({"x":{}})")) << "only of the object itself";
}

}  // namespace
}  // namespace wp::prompt
