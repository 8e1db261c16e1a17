// doc/vectors/keys.json, what a third party checks its own keys against: the requests in it have the streams, rungs and
// keys in it. A request to be added is written there with an empty stream; the test then makes the page that it wants.
#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "dataplane/prompt/scanner.h"
#include "dataplane/prompt/walk.h"
#include "tests/unit/prompt/reading.h"
#include "tests/unit/prompt/stream_text.h"

namespace wp::prompt {
namespace {

using Page = nlohmann::ordered_json;

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return text;
}

std::string key_text(std::uint64_t key) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(key >> shift);
  return hexadecimal(bytes);
}

// As the proxy chooses them (Intake::hints), of headers in any case.
class Hints {
 public:
  explicit Hints(const Page& headers) {
    for (const auto& [name, value] : headers.items()) {
      std::string lower = name;
      std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
      headers_[lower] = value;
    }
  }
  [[nodiscard]] HeaderHints hints() const {
    HeaderHints hints;
    for (const std::string_view name : kSessionHeaders) {
      const auto found = headers_.find(name);
      if (hints.session.empty() && found != headers_.end()) hints.session = found->second;
    }
    for (const std::string_view name : {"x-api-key", "authorization"}) {
      const auto found = headers_.find(name);
      if (found != headers_.end()) hints.credential = found->second;
    }
    return hints;
  }

 private:
  std::map<std::string, std::string, std::less<>> headers_;
};

// The canonical stream of a body, by the walk that features are made with.
struct Stream {
  std::string text;
  StreamMarks marks;
};

Stream stream_of(Api api, std::string_view text) {
  const testing::Padded body(text);
  Scanner scanner(1 << 20, 64);
  Budget budget(Budget::kAll);
  EXPECT_TRUE(scanner.start(body.data(), body.size()) && scanner.step(budget)) << text;
  BodyFields fields;
  EXPECT_TRUE(fields.read(scanner.root(), kFieldTable)) << text;
  CanonicalSink sink;
  BodyWalk walk(sink);
  walk.start(api, fields);
  EXPECT_TRUE(walk.step(budget)) << text;
  return {testing::whole(sink), sink.marks()};
}

bool is_step(std::uint32_t end) {
  std::uint32_t step = 256;
  while (step < end) step += step / 4;
  return step == end;
}

// What a rung is; the ladder's words first.
std::string words_of(const Stream& stream, std::uint32_t end, bool in_ladder, bool in_ends) {
  const StreamMarks& marks = stream.marks;
  std::string words;
  const auto add = [&](bool is, std::string_view word) {
    if (is) words += (words.empty() ? "" : " ") + std::string(word);
  };
  add(in_ladder && is_step(end), "step");
  add(in_ladder && end == (marks.opened ? marks.opening : stream.text.size()), "preamble");
  add(in_ladder && marks.asked && end == marks.question, "question");
  add(in_ends, marks.turns > 0 ? "turn" : "whole");
  return words;
}

Page rungs_of(const Stream& stream, const Features& features) {
  Page rungs = Page::array();
  const auto has = [](std::span<const Rung> of, const Rung& rung) { return std::ranges::find(of, rung) != of.end(); };
  std::vector<Rung> all(features.ladder.begin(), features.ladder.end());
  for (const Rung& end : features.ends) {
    if (!has(features.ladder, end)) all.push_back(end);
  }
  std::ranges::sort(all, {}, &Rung::end);
  for (const Rung& rung : all) {
    rungs.push_back({rung.end, words_of(stream, rung.end, has(features.ladder, rung), has(features.ends, rung)),
                     key_text(rung.hash)});
  }
  return rungs;
}

// The vector as it should be, by one of its bodies.
Page made_of(const Page& vector, const std::string& body) {
  const Api api = api_of(vector["path"].get<std::string>());
  const Hints headers(vector["headers"]);
  testing::Reading reading({.key = std::stoull(vector["hash_key"].get<std::string>(), nullptr, 16)});
  const auto features = reading.read(api, body, headers.hints());
  if (!features) {
    ADD_FAILURE() << word(features.error().reason) << " for " << body;
    return {};
  }
  const Stream stream = stream_of(api, body);
  EXPECT_EQ(features->canonical_bytes, stream.text.size());
  Page made;
  for (const char* given : {"name", "hash_key", "path", "headers", "bodies"}) made[given] = vector[given];
  made["stream"] = hexadecimal(stream.text);
  made["rungs"] = rungs_of(stream, *features);
  made["first_chunk"] = key_text(features->first_chunk);
  made["session"] = features->session == 0 ? Page() : Page(key_text(features->session));
  made["derived_session"] = key_text(features->derived_session);
  return made;
}

// A member a line, and a line for each entry of its arrays.
std::string page_of(const Page& vectors) {
  std::string page = "{\"vectors\": [";
  for (const Page& vector : vectors) {
    page += &vector == &vectors.front() ? "\n{" : ",\n{";
    bool first = true;
    for (const auto& [name, value] : vector.items()) {
      page += (first ? "\"" : ",\n \"") + name + "\": ";
      first = false;
      if (!value.is_array()) {
        page += value.dump();
        continue;
      }
      page += "[";
      for (const Page& entry : value) page += (&entry == &value.front() ? "\n  " : ",\n  ") + entry.dump();
      page += "]";
    }
    page += "}";
  }
  return page + "\n]}\n";
}

TEST(PublishedVectors, AreWhatTheProgramComputes) {
  std::ifstream file(std::string(WARMPATH_DOC) + "/vectors/keys.json");
  std::ostringstream text;
  text << file.rdbuf();
  const Page page = Page::parse(text.str(), nullptr, false);
  ASSERT_TRUE(page.is_object());
  Page made = Page::array();
  for (const Page& vector : page["vectors"]) {
    made.push_back(made_of(vector, vector["bodies"][0]));
    for (const Page& body : vector["bodies"]) EXPECT_EQ(made_of(vector, body), made.back()) << body;
  }
  ASSERT_GT(made.size(), 30U);
  const std::string right = page_of(made);
  if (text.str() == right) return;
  std::ofstream("keys.json") << right;
  ADD_FAILURE() << "doc/vectors/keys.json is not what it would be now: see ./keys.json";
}

}  // namespace
}  // namespace wp::prompt
