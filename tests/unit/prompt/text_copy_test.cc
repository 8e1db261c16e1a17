#include "dataplane/prompt/text_copy.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"
#include "dataplane/prompt/escapes.h"
#include "tests/unit/prompt/utf8_text.h"

namespace wp::prompt {
namespace {

using testing::utf8_length;

// What a text stands for, and what is behind it.
struct Copied {
  std::string text;
  std::size_t taken = 0;

  friend bool operator==(const Copied&, const Copied&) = default;
};

// A byte and an escape at a time.
std::optional<Copied> plainly(const std::string& body) {
  const std::string padded = body + std::string(kCopySlack, ' ');
  Copied made;
  for (std::size_t at = 0; at < body.size();) {
    const char c = body[at];
    if (c == '"' || static_cast<unsigned char>(c) < 0x20) return made.taken = at, made;
    if (c != '\\') {
      const std::size_t length = utf8_length(std::string_view(body).substr(at));
      if (length == 0) return std::nullopt;
      made.text.append(body, at, length);
      at += length;
    } else if (const char simple = kSimpleEscapes[static_cast<unsigned char>(padded[at + 1])]; simple != 0) {
      made.text += simple;
      at += 2;
    } else {
      const Escape escape = read_escape(padded.data() + at);
      if (escape.taken == 0) return std::nullopt;
      made.text.append(escape.text.data(), escape.size);
      at += escape.taken;
    }
  }
  return std::nullopt;
}

constexpr char kUntouched = '\x7F';

// With who copies or counts, `units` of the budget at a time; of who counts the text is that much of what was there.
std::optional<Copied> run(TextCopier copier, const std::string& body, std::int64_t units) {
  const std::string padded = body + std::string(kCopySlack, '\xFE');
  std::string out(body.size() + kCopySlack, kUntouched);
  const char* const end = padded.data() + body.size();
  TextCopy copy{padded.data(), end, padded.data(), end, out.data(), 0, false, false};
  while (!copy.over) {
    copy.left = units;
    if (!copier(copy)) return std::nullopt;
  }
  return Copied{out.substr(0, static_cast<std::size_t>(copy.out - out.data())),
                static_cast<std::size_t>(copy.at - padded.data())};
}

std::vector<TextCopiers> all_copiers() {
  std::vector<TextCopiers> copiers{plain_copiers()};
  if (const TextCopiers vector = vector_copiers(); vector.copy != nullptr) copiers.push_back(vector);
  return copiers;
}

void expect_same(const std::string& body) {
  const auto expected = plainly(body);
  for (const auto& [copy, count] : all_copiers()) {
    for (const std::int64_t units : {1, 1'000'000}) {
      ASSERT_EQ(run(copy, body, units), expected) << ::testing::PrintToString(body);
      auto counted = expected;
      if (counted) counted->text.assign(counted->text.size(), kUntouched);
      ASSERT_EQ(run(count, body, units), counted) << ::testing::PrintToString(body);
    }
  }
}

TEST(TextCopy, EveryEscapeAtEveryPlace) {
  for (const char* escape :
       {R"(\n)", R"(\")", R"(\\)", R"(\\\\\\)", R"(\\\")", R"(\u00e9)", R"(\ud83d\ude00)", R"(\/\b)"}) {
    for (std::size_t before = 0; before < 70; ++before) {
      expect_same(std::string(before, 'x') + escape + "y\"z");
      expect_same(std::string(before, 'x') + escape + "\"");
    }
  }
}

TEST(TextCopy, WhatIsNoneIsRefusedAtEveryPlace) {
  for (const char* wrong :
       {R"(\x)", R"(\u12g4)", R"(\ud83d)", R"(\udc00)", "\\\xC3\xA9", "\\\x01", "\xC3", "\x80", "\\"}) {
    for (std::size_t before = 0; before < 70; ++before) {
      expect_same(std::string(before, 'x') + wrong + "y\"");
      expect_same(std::string(before, '\\') + wrong + "\"");
      expect_same(std::string(before, 'x') + wrong);
    }
  }
}

TEST(TextCopy, WhatHasNoEscapeIsCopiedUntilThatIsInDoubt) {
  constexpr std::ptrdiff_t kDoubt = 200;
  const std::string tail(1000, 'x');
  for (const std::string& body : {"x" + tail + "\"", "\\n" + tail + "\"", tail + "\\n\""}) {
    const std::string padded = body + std::string(kCopySlack, ' ');
    const char* const begin = padded.data();
    for (const TextCopiers& copiers : all_copiers()) {
      std::string out(padded.size(), '\0');
      TextCopy copy{begin, begin + body.size(), begin, begin + kDoubt, out.data(), 1'000'000, false, false};
      ASSERT_TRUE(copiers.copy(copy));
      EXPECT_EQ(copy.over, body.starts_with('\\')) << "an escape before the doubt takes it away";
      if (copy.over) continue;
      EXPECT_GE(copy.at - begin, kDoubt);
      EXPECT_LE(copy.at - begin, kDoubt + 64) << "by whole blocks";
      EXPECT_EQ(out.substr(0, static_cast<std::size_t>(copy.out - out.data())),
                body.substr(0, static_cast<std::size_t>(copy.at - begin)));
    }
  }
}

TEST(TextCopy, AnyTextComesToTheSame) {
  constexpr std::array<std::string_view, 14> kPieces{"plain text of some length ",
                                                     "x",
                                                     R"(\n)",
                                                     R"(\")",
                                                     R"(\\)",
                                                     R"(\u0041)",
                                                     R"(\ud83d\ude00)",
                                                     "\xC3\xA9",
                                                     "\xE2\x82\xAC",
                                                     "\xF0\x9F\x98\x80",
                                                     R"(\t\t)",
                                                     "{\"",
                                                     "\\",
                                                     "\xE2\x82"};
  Rng rng(7);
  for (int i = 0; i < 1000; ++i) {
    std::string body;
    // The last three end it or are wrong, so they are rare.
    for (std::uint32_t left = 1 + rng.below(40); left > 0; --left) {
      body += kPieces[rng.chance(0.02) ? 11 + rng.below(3) : rng.below(11)];
    }
    expect_same(body + "\"");
  }
}

}  // namespace
}  // namespace wp::prompt
