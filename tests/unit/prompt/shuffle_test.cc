// One body in many spellings: keys in another order, white space, escapes, numbers written otherwise. The keys are the
// same for all of them.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "tests/unit/prompt/reading.h"

namespace wp::prompt {
namespace {

// A JSON value that can be spelled.
struct Json {
  enum class Is : std::uint8_t { text, number, word, array, object };
  Is is = Is::word;
  std::string text = "null";  // unescaped; the word
  int number = 0;
  std::vector<std::string> keys = {};  // of an object, distinct
  std::vector<Json> values = {};
};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : rng_(seed) {}

  Json value(int depth) {
    Json json;
    switch (rng_.below(depth > 0 ? 5U : 3U)) {
      case 0: json = {.is = Json::Is::text, .text = text()}; break;
      case 1: json = {.is = Json::Is::number, .number = static_cast<int>(rng_.below(2'000'001)) - 1'000'000}; break;
      case 2: json.text = std::array{"null", "true", "false"}[rng_.below(3)]; break;
      case 3:
        json.is = Json::Is::array;
        for (std::uint64_t i = rng_.below(4); i > 0; --i) json.values.push_back(value(depth - 1));
        break;
      default: json = object(depth); break;
    }
    return json;
  }

  Json object(int depth) {
    Json json{.is = Json::Is::object};
    for (std::uint64_t i = rng_.below(6); i > 0; --i) add(json, text() + std::to_string(i), value(depth - 1));
    return json;
  }

  static void add(Json& object, std::string key, Json value) {
    object.keys.push_back(std::move(key));
    object.values.push_back(std::move(value));
  }

  std::string text() {
    constexpr std::array kPieces{"a", "é", "\n", "\"", "\\", "/", "\t", "€", "😀", "prefix ", "\x01", "{", "0"};
    std::string made;
    for (std::uint64_t i = rng_.below(rng_.below(10) == 0 ? 200 : 6); i > 0; --i)
      made += kPieces[rng_.below(kPieces.size())];
    return made;
  }

  // A body of /v1/chat/completions.
  Json body() {
    Json messages{.is = Json::Is::array};
    for (int i = 0; i < 6; ++i) {
      Json message{.is = Json::Is::object};
      add(message, "role", {.is = Json::Is::text, .text = i == 0 ? "system" : i % 2 == 1 ? "user" : "assistant"});
      add(message, "content", {.is = Json::Is::text, .text = text() + text()});
      if (i % 2 == 0) add(message, "tool_calls", value(3));
      messages.values.push_back(std::move(message));
    }
    Json tools{.is = Json::Is::array};
    for (int i = 0; i < 3; ++i) tools.values.push_back(object(4));
    Json body{.is = Json::Is::object};
    add(body, "model", {.is = Json::Is::text, .text = "m" + text()});
    add(body, "messages", std::move(messages));
    add(body, "tools", std::move(tools));
    add(body, "user", {.is = Json::Is::text, .text = "u" + text()});
    add(body, "lora_path", value(2));
    return body;
  }

 private:
  Rng rng_;
};

// Writes a value, each time otherwise.
class Speller {
 public:
  explicit Speller(std::uint64_t seed) : rng_(seed) {}

  std::string spell(const Json& json) { return space() + bare(json) + space(); }

 private:
  std::string bare(const Json& json) {
    switch (json.is) {
      case Json::Is::word: return json.text;
      case Json::Is::text: return quoted(json.text);
      case Json::Is::number: return number(json.number);
      case Json::Is::array: break;
      case Json::Is::object: return object(json);
    }
    std::string made = "[";
    for (const Json& entry : json.values) made += (made.size() > 1 ? "," : "") + spell(entry);
    return made + (json.values.empty() ? space() : "") + "]";
  }

  std::string object(const Json& json) {
    std::vector<std::size_t> order(json.keys.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng_.below(i)]);
    std::string made = "{";
    for (const std::size_t i : order) {
      made += (made.size() > 1 ? "," : "") + space() + quoted(json.keys[i]) + space() + ":" + spell(json.values[i]);
    }
    return made + (order.empty() ? space() : "") + "}";
  }

  std::string number(int value) {
    const std::string digits = std::to_string(value);
    switch (rng_.below(4)) {
      case 0: return digits + ".0";
      case 1: return digits + "e0";
      case 2: return value == 0 ? "-0" : digits + "00E-2";
      default: return digits;
    }
  }

  std::string quoted(std::string_view text) {
    std::string made = "\"";
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      constexpr std::string_view kEscaped = "\"\\/\n\t";
      constexpr std::string_view kLetters = "\"\\/nt";
      const std::size_t simple = kEscaped.find(text[i]);
      const bool must = byte < 0x20 || text[i] == '"' || text[i] == '\\';
      if (simple != std::string_view::npos && (must || rng_.below(2) == 0) && rng_.below(2) == 0) {
        made += {'\\', kLetters[simple]};
      } else if (byte < 0x80 && (must || rng_.below(8) == 0)) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        made += std::string("\\u00") + kDigits[byte >> 4U] + kDigits[byte & 15U];
      } else {
        made += text[i];
      }
    }
    return made + "\"";
  }

  std::string space() {
    std::string made;
    for (std::uint64_t i = rng_.below(4) == 0 ? rng_.below(4) : 0; i > 0; --i) made += " \n\r\t"[rng_.below(4)];
    return made;
  }

  Rng rng_;
};

TEST(Shuffle, SpellingDoesNotMatter) {
  Extractor one({.key = testing::kKey});
  Extractor other({.key = testing::kKey});
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Json body = Maker(seed).body();
    Speller speller(seed);
    const testing::Padded first(speller.spell(body));
    const auto expected = one.extract(Api::chat_completions, first.data(), first.size(), {});
    ASSERT_TRUE(expected) << "seed " << seed;
    for (int i = 0; i < 5; ++i) {
      const testing::Padded again(speller.spell(body));
      const auto features = other.extract(Api::chat_completions, again.data(), again.size(), {});
      ASSERT_TRUE(features) << "seed " << seed;
      EXPECT_TRUE(std::ranges::equal(features->ladder, expected->ladder)) << "seed " << seed;
      EXPECT_TRUE(std::ranges::equal(features->ends, expected->ends)) << "seed " << seed;
      EXPECT_EQ(features->session, expected->session) << "seed " << seed;
      EXPECT_EQ(features->derived_session, expected->derived_session) << "seed " << seed;
      EXPECT_EQ(features->model, expected->model) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace wp::prompt
