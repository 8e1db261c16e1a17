#include "dataplane/prompt/value.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/prompt/stream_text.h"

namespace wp::prompt {
namespace {

using namespace std::string_literals;

std::string written(std::string_view json) {
  simdjson::dom::parser parser;
  CanonicalSink sink;
  sink.start();
  ValueWriter(sink).write(parser.parse(std::string(json)).value());
  return testing::whole(sink);
}

TEST(ValueWriter, WritesEveryType) {
  EXPECT_EQ(written("null"), "n");
  EXPECT_EQ(written("true"), "t");
  EXPECT_EQ(written("false"), "f");
  EXPECT_EQ(written(R"("a\u0041\n")"), "saA\n\xF8");
  EXPECT_EQ(written("258"), "i\x02\x01\0\0\0\0\0\0"s);
  EXPECT_EQ(written("-1"), "i\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  EXPECT_EQ(written("18446744073709551615"), "u\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  EXPECT_EQ(written("0.5"), "d\0\0\0\0\0\0\xE0\x3F"s);
  EXPECT_EQ(written(R"([null,[],"x"])"), "lnl\xFAsx\xF8\xFA");
  EXPECT_EQ(written(R"({"a":true})"),
            "oa\xF8"
            "t\xFA");
}

TEST(ValueWriter, TakesNumbersByValue) {
  EXPECT_EQ(written("1.0"), written("1"));
  EXPECT_EQ(written("1e2"), written("100"));
  EXPECT_EQ(written("-0.0"), written("0"));
  EXPECT_EQ(written("9223372036854775808.0"), written("9223372036854775808"));
  EXPECT_EQ(written("-9223372036854775808.0"), written("-9223372036854775808"));
  EXPECT_EQ(written("0.10"), written("1e-1"));
  EXPECT_NE(written("9007199254740993"), written("9007199254740992"));
  EXPECT_NE(written("0.1"), written("0.2"));
  EXPECT_NE(written("1"), written("\"1\""));
}

TEST(ValueWriter, SortsKeysByTheirBytes) {
  EXPECT_EQ(written(R"({"b":1,"a":2,"":3,"ab":4,"é":5})"), written(R"({"é":5,"ab":4,"":3,"a":2,"b":1})"));
  EXPECT_EQ(written(R"({"b":null,"a":null})"), "oa\xF8nb\xF8n\xFA");
  EXPECT_EQ(written(R"({"x":{"d":1,"c":2},"a":{"f":1,"e":2}})"), written(R"({"a":{"e":2,"f":1},"x":{"c":2,"d":1}})"));
}

TEST(ValueWriter, KeepsTheOrderOfEqualKeysAndOfArrays) {
  EXPECT_NE(written(R"({"a":1,"a":2})"), written(R"({"a":2,"a":1})"));
  EXPECT_NE(written("[1,2]"), written("[2,1]"));
}

TEST(ValueWriter, NestingCannotBeForged) {
  EXPECT_NE(written("[[1],2]"), written("[[1,2]]"));
  EXPECT_NE(written(R"(["a","b"])"), written(R"(["asb"])"));
  EXPECT_NE(written(R"({"a":{"b":null},"c":null})"), written(R"({"a":{"b":null,"c":null}})"));
}

std::string object_of(int members, bool ascending) {
  std::string body = "{";
  for (int i = 0; i < members; ++i) {
    const int number = 10'000 + (ascending ? i : members - 1 - i);
    body += '"' + std::to_string(number) + (ascending ? "\":{\"z\":1,\"y\":[2]}," : "\":{\"y\":[2],\"z\":1},");
  }
  body.back() = '}';
  return body;
}

TEST(ValueWriter, OrderingIsBounded) {
  constexpr int kMost = static_cast<int>(kMostSorted);
  EXPECT_EQ(written(object_of(kMost, true)), written(object_of(kMost, false)));
  EXPECT_NE(written(object_of(kMost + 1, true)), written(object_of(kMost + 1, false)));
  EXPECT_EQ(written(object_of(kMost + 1, true)).size(), written(object_of(kMost + 1, false)).size());
}

TEST(ValueWriter, LeavesOneMemberOut) {
  simdjson::dom::parser parser;
  CanonicalSink sink;
  ValueWriter values(sink);
  const auto written = [&](std::string_view json) {
    sink.start();
    values.write_object(parser.parse(std::string(json)).get_object().value(), "cache_control");
    return testing::whole(sink);
  };
  EXPECT_EQ(written(R"({"cache_control":{"type":"ephemeral"},"name":"a"})"), written(R"({"name":"a"})"));
  EXPECT_NE(written(R"({"x":{"cache_control":1}})"), written(R"({"x":{}})")) << "only of the object itself";
}

}  // namespace
}  // namespace wp::prompt
