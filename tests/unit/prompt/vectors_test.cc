// Bodies, the canonical streams that doc/KEYS.md makes of them, written by hand, and the keys. They pin the format:
// nodes of unlike versions, and whoever else computes keys, agree only as long as these hold.
#include <string_view>

#include <gtest/gtest.h>

#include "dataplane/prompt/keyed_hash.h"
#include "dataplane/prompt/session.h"
#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

using namespace std::string_view_literals;

struct Vector {
  Api api;
  std::string_view body;
  std::string_view stream;  // whole; its chunk is all but `behind` bytes at the end
  std::size_t behind;
  std::uint64_t first_chunk;  // with the key 0
};

// Adjacent literals keep hexadecimal escapes from running into letters.
constexpr Vector kVectors[] = {
    {Api::chat_completions, "{}", "", 0, 0x2d06800538d394c2},
    {Api::chat_completions, R"({"model":"m","messages":[{"role":"user","content":"hi"}]})",
     "\xF9mm\xF8\xF9ruser\xF8\xF9"
     "chi\xF8\xFA",
     0, 0x471ca3642a51386f},
    {Api::chat_completions,
     R"({"messages":[{"content":"s","role":"system"},{"name":"bob","role":"user","content":["a",{"text":"b"},)"
     R"({"type":"image_url","image_url":{"url":"u"}}]},{"role":"assistant","content":null,"tool_calls":[{"id":"1"}],)"
     R"("reasoning":"r"},{"role":"tool","tool_call_id":"1","content":"x"}],"tools":[{"z":1,"a":[true,null,0.5]}],)"
     R"("cache_salt":"c","lora_path":"l","model":"m"})",
     "\xF9mm\xF8\xF9sc\xF8\xF9"
     "alora_path\xF8sl\xF8"
     "\xF9toa\xF8ltnd\0\0\0\0\0\0\xE0\x3F\xFAz\xF8i\1\0\0\0\0\0\0\0\xFA"
     "\xF9rsystem\xF8\xF9"
     "cs\xF8\xFA"
     "\xF9ruser\xF8\xF9nbob\xF8\xF9"
     "ca\xF8\xF9"
     "cb\xF8\xF9poimage_url\xF8ourl\xF8su\xF8\xFAtype\xF8simage_url\xF8\xFA\xFA"
     "\xF9rassistant\xF8\xF9hsr\xF8\xF9kloid\xF8s1\xF8\xFA\xFA\xFA"
     "\xF9rtool\xF8\xF9"
     "cx\xF8\xF9i1\xF8\xFA"sv,
     46, 0xac1523cfed4d2060},
    {Api::completions, R"({"prompt":["one","two"],"model":"m"})", "\xF9mm\xF8\xF9xone\xF8\xF9xtwo\xF8", 6,
     0x1066159989882a70},
    {Api::completions, R"({"prompt":[1,258]})", "\xF9y\1\0\0\0\2\1\0\0\xFF\xFF\xFF\xFF"sv, 0, 0x55ade6cb833d6599},
    {Api::embeddings, R"({"input":[[7],[8]]})", "\xF9y\7\0\0\0\xFF\xFF\xFF\xFF\xF9y\x08\0\0\0\xFF\xFF\xFF\xFF"sv, 10,
     0xff68c1ed5e1643e4},
    {Api::responses,
     R"({"instructions":"be","input":[{"type":"item_reference","id":"i"},{"role":"user","content":"q"}]})",
     "\xF9rsystem\xF8\xF9"
     "cbe\xF8\xFA\xF9zoid\xF8si\xF8type\xF8sitem_reference\xF8\xFA\xF9ruser\xF8\xF9"
     "cq\xF8\xFA",
     0, 0x7640d2e1e2b59d50},
    {Api::messages,
     R"({"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":[)"
     R"({"type":"tool_result","tool_use_id":"t","content":"r","cache_control":{"type":"ephemeral"}}]}],)"
     R"("tools":[{"name":"n","cache_control":{}}],"functions":[{}]})",
     "\xF9toname\xF8sn\xF8\xFA\xF9"
     "fo\xFA\xF9rsystem\xF8\xF9"
     "cs\xF8\xFA\xF9ruser\xF8\xF9ut\xF8\xF9"
     "cr\xF8\xFA\xFA",
     0, 0xdae4c4237143b9b6},
};

TEST(CanonicalVectors, HoldForEveryBody) {
  for (const Vector& vector : kVectors) {
    Extractor extractor({.key = 0});
    const testing::Padded body(vector.body);
    const auto features = extractor.extract(vector.api, body.data(), body.size(), {});
    ASSERT_TRUE(features) << vector.body;
    EXPECT_EQ(features->canonical_bytes, vector.stream.size()) << vector.body;
    const std::string_view chunk = vector.stream.substr(0, vector.stream.size() - vector.behind);
    EXPECT_EQ(features->first_chunk, keyed_hash(0, chunk)) << vector.body;
    EXPECT_EQ(features->first_chunk, vector.first_chunk) << std::hex << features->first_chunk << ' ' << vector.body;
    for (const auto rungs : {features->ladder, features->ends}) {
      for (const Rung& rung : rungs) EXPECT_EQ(rung.hash, keyed_hash(0, vector.stream.substr(0, rung.end)));
    }
  }
}

TEST(CanonicalVectors, RunningHashIsThatOfTheWhole) {
  std::string text;
  RunningHash running;
  running.start(testing::kKey);
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_EQ(running.value(), keyed_hash(testing::kKey, text)) << i;
    const std::string piece(i * 7 % 90, static_cast<char>('a' + i % 26));
    running.add(piece);
    text += piece;
  }
}

TEST(CanonicalVectors, HoldForHashes) {
  EXPECT_EQ(keyed_hash(0, ""), 0x2d06800538d394c2U) << "XXH3-64 of nothing, as xxHash publishes it";
  EXPECT_EQ(keyed_hash(testing::kKey, "a"), 0x4200a914477d78e2U);
  EXPECT_EQ(keyed_hash(testing::kKey, std::string(1024, 'a')), 0x970260149d43aeb4U);
  EXPECT_EQ(session_hash(0, "", "s"), 0xc7f163a7501b670bU);
  EXPECT_EQ(session_hash(testing::kKey, "Bearer token", "session"), 0xc02a99fee9254490U);
}

}  // namespace
}  // namespace wp::prompt
