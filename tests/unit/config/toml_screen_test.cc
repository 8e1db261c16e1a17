#include "controlplane/config/toml_screen.h"

#include <gtest/gtest.h>

#include "controlplane/config/toml.h"

namespace wp::control {
namespace {

TEST(TomlScreen, LettersOutsideOfQuotesHaveTheirLine) {
  EXPECT_EQ(line_of_foreign_letter("\xc3\xa9 = 1\n"), 1U);
  EXPECT_EQ(line_of_foreign_letter("a = 1\n\nb\xc2\xa0= 2\n"), 3U);
  EXPECT_EQ(line_of_foreign_letter("-\xef\xbb\xbd"), 1U);  // U+FEFD
  EXPECT_EQ(line_of_foreign_letter("a = 'x'\xe2\x80\xa8"), 1U);
  EXPECT_EQ(line_of_foreign_letter("a = \"\"\xc3\xa9"), 1U);
  EXPECT_EQ(line_of_foreign_letter("a = 'x\nb = \xc3\xa9"), 2U);  // a string without its end ends with its line
}

TEST(TomlScreen, LettersInStringsAndCommentsMayStand) {
  for (const char* text :
       {"", "a = 1", "# \xc3\xa9\na = 1", "\xef\xbb\xbf# mark", "a = '\xc3\xa9'", "a = \"\\\"\xc3\xa9\" # \xc3\xa9",
        "a = \"\"\"\n\xc3\xa9\n\"\"\"\nb = 1", "a = '''\n'\xc3\xa9''' # x", "a = '''''\xc3\xa9'''''\nb = 1",
        "a = \"\"\"x\\\n  y\xc3\xa9\"\"\"", "a = \"\xc3\xa9", "a = '''\xc3\xa9", "a = \"\\"}) {
    EXPECT_EQ(line_of_foreign_letter(text), 0U) << text;
  }
}

TEST(TomlScreen, NotBehindABackslashThatEndsALine) {
  EXPECT_EQ(line_of_foreign_letter("a = \"\"\"x\\\n \n\xc3\xa9\"\"\""), 3U);
  EXPECT_EQ(line_of_foreign_letter("a = '''x\\\n\xc3\xa9'''"), 0U);  // a literal string has no escapes
}

TEST(TomlScreen, TheParserSaysSo) {
  const auto parsed = parse_toml("a = 1\n\xc3\xa9 = 1\n");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().line, 2U);
  EXPECT_EQ(parsed.error().message, "a letter outside of ASCII stands outside of quotes");
  EXPECT_TRUE(parse_toml("a = '\xc3\xa9'\n"));
}

}  // namespace
}  // namespace wp::control
