#include "dataplane/prompt/value.h"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "dataplane/prompt/keyed_hash.h"
#include "dataplane/prompt/scanner.h"
#include "tests/unit/prompt/reading.h"
#include "tests/unit/prompt/stream_text.h"

namespace wp::prompt {
namespace {

using namespace std::string_literals;

// The value of "v" in a body, written in steps of so many units; `bare`: as a tool is.
std::string written(std::string_view json, bool bare = false, bool media = false, std::int64_t units = Budget::kAll) {
  const testing::Padded body(R"({"v":)" + std::string(json) + "}");
  Scanner scanner(1 << 20, 64);
  Budget all(Budget::kAll);
  EXPECT_TRUE(scanner.start(body.data(), body.size()) && scanner.step(all)) << json;
  const Value value = scanner.root().first().next();
  CanonicalSink sink;
  Agenda agenda;
  ValueWriter values(sink, agenda);
  sink.start();
  bare ? values.write_bare(value, media) : values.write(value, media);
  while (!agenda.empty()) {
    Budget budget(units);
    values.go_on(budget);
  }
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

TEST(ValueWriter, LeavesCacheControlOut) {
  EXPECT_EQ(written(R"({"cache_control":{"type":"ephemeral"},"name":"a"})", true), written(R"({"name":"a"})"));
  EXPECT_NE(written(R"({"x":{"cache_control":1}})", true), written(R"({"x":{}})")) << "only of the object itself";
  std::string many = object_of(300, true);
  const std::string without = written(many);
  many.insert(1, R"("cache_control":{},)");
  EXPECT_EQ(written(many, true), without) << "also of one that is in no order";
}

// Wherever it stops it goes on.
TEST(ValueWriter, WritesTheSameInSteps) {
  const std::string json =
      R"({"z":[1,[2,{"y":"x","a":{}}],"t"],"many":)" + object_of(300, false) + R"(,"b":{"d":1,"c":2}})";
  const std::string whole = written(json);
  for (const std::int64_t units : {1, 200, 1000}) EXPECT_EQ(written(json, false, false, units), whole);
}

// A medium is its hash, as often as it has tokens by two; elsewhere than in parts it is a text.
TEST(ValueWriter, WritesMediaByTheirHash) {
  const std::string picture = "/9j/" + std::string(40'000, 'A');
  const std::string json = R"({"url":")" + picture + R"("})";
  const std::string stream = written(json, false, true);
  const std::uint64_t hash = keyed_hash(0, picture);
  std::string word(8, '\0');
  std::memcpy(word.data(), &hash, sizeof hash);
  std::string words;
  for (int i = 0; i < 30'003 / 188 / 2; ++i) words += word;
  EXPECT_EQ(stream,
            "ourl\xF8"
            "b" +
                words + "\xFA");
  EXPECT_GT(written(json).size(), picture.size());
}

}  // namespace
}  // namespace wp::prompt
