#include "controlplane/config/toml_screen.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "controlplane/config/toml.h"

namespace wp::control {
namespace {

std::uint32_t foreign_letter_in(std::string_view text) {
  const TomlScreening found = screen_toml(text);
  if (found.line != 0) {
    EXPECT_EQ(found.message, "a letter outside of ASCII stands outside of quotes or behind a backslash");
  }
  return found.line;
}

TEST(TomlScreen, LettersOutsideOfQuotesHaveTheirLine) {
  EXPECT_EQ(foreign_letter_in("\xc3\xa9 = 1\n"), 1U);
  EXPECT_EQ(foreign_letter_in("a = 1\n\nb\xc2\xa0= 2\n"), 3U);
  EXPECT_EQ(foreign_letter_in("-\xef\xbb\xbd"), 1U);  // U+FEFD
  EXPECT_EQ(foreign_letter_in("a = 'x'\xe2\x80\xa8"), 1U);
  EXPECT_EQ(foreign_letter_in("a = \"\"\xc3\xa9"), 1U);
  EXPECT_EQ(foreign_letter_in("a = 'x\nb = \xc3\xa9"), 2U);  // a string without its end ends with its line
  EXPECT_EQ(foreign_letter_in("[\xc3\xa9]"), 1U);
  EXPECT_EQ(foreign_letter_in("a = +'\xc3\xa9'"), 1U);  // no string begins within a number
  EXPECT_EQ(foreign_letter_in("a = 'b''\xc3\xa9'"), 1U);
  for (const char* before : {"a = +=", "a = +[", "a = +{", "a = [1.", "a = {b = 1.", "a = [1, +[", "a = 1,"}) {
    EXPECT_EQ(foreign_letter_in(std::string(before).append("'\xc3\xa9'")), 1U) << before;
  }
}

TEST(TomlScreen, LettersInStringsAndCommentsMayStand) {
  for (const char* text :
       {"", "a = 1", "# \xc3\xa9\na = 1", "\xef\xbb\xbf# mark", "a = '\xc3\xa9'", "a = \"\\\"\xc3\xa9\" # \xc3\xa9",
        "a = \"\"\"\n\xc3\xa9\n\"\"\"\nb = 1", "a = '''\n'\xc3\xa9''' # x", "a = '''''\xc3\xa9'''''\nb = 1",
        "a = \"\"\"x\\\n  y\xc3\xa9\"\"\"", "a.'\xc3\xa9' = {'\xc3\xa9' = ['\xc3\xa9', '\xc3\xa9']}", "a = \"\xc3\xa9",
        "a = '''\xc3\xa9", "a = \"\\"}) {
    EXPECT_EQ(foreign_letter_in(text), 0U) << text;
  }
}

TEST(TomlScreen, NotBehindABackslash) {
  EXPECT_EQ(foreign_letter_in("a = 1\n\"\"\"\\\xef\xb3\xbf~"), 2U);
  EXPECT_EQ(foreign_letter_in("a = \"\\\xc3\xa9\""), 1U);
  EXPECT_EQ(foreign_letter_in("a = \"\"\"x\\\n \n\xc3\xa9\"\"\""), 3U);
  EXPECT_EQ(foreign_letter_in("a = '''x\\\n\xc3\xa9'''"), 0U);  // a literal string has no escapes
}

TEST(TomlScreen, HeadersWithoutANameHaveTheirLine) {
  for (const char* text :
       {"[!]", "[=", "[\n", "[.a]", "[[!]]", "[[ \n", "[\r~", "[\x0b~\n", "[,]", "[{}]", "[[[a]]]"}) {
    const TomlScreening found = screen_toml(std::string("a = 1\n").append(text));
    EXPECT_EQ(found.line, 2U) << text;
    EXPECT_EQ(found.message, "a table's name is missing, or begins with a character that needs quotes") << text;
  }
}

TEST(TomlScreen, BracketsThatDoNotFitHaveTheirLine) {
  for (const char* text : {"b = [}", "b = [[1]}", "b = {]", "b = ]", "b = }", "b = {c = [}]", "[b}", "]"}) {
    const TomlScreening found = screen_toml(std::string("a = [1, [2], {b = [{}]}]\n").append(text));
    EXPECT_EQ(found.line, 2U) << text;
    EXPECT_EQ(found.message, "a bracket is closed that is not the one that was opened") << text;
  }
}

TEST(TomlScreen, BracketsElsewhereMayStand) {
  for (const char* text :
       {"[a]", " [ a ]", "[[a]]", "[\"!\"]", "['!'.b]", "[]", "[", "[[", "a = [\n[!", "a = [ # ]\n[1],\n]",
        "a = '['\n[b]", "a = \"[\"\n[[b]]", "# [!]\n", "a = \"\"\"\n[!]\n\"\"\"", "a = [[1], [2]]\n[b]"}) {
    EXPECT_EQ(screen_toml(text).line, 0U) << text;
  }
  EXPECT_EQ(screen_toml("a = [[1], [2]]\n[!]").line, 2U);
  EXPECT_EQ(screen_toml("[a]\nb = []\n[!]").line, 3U);
}

TEST(TomlScreen, TheParserSaysSo) {
  const auto foreign = parse_toml("a = 1\n\xc3\xa9 = 1\n");
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().line, 2U);
  EXPECT_EQ(foreign.error().message, "a letter outside of ASCII stands outside of quotes or behind a backslash");
  EXPECT_TRUE(parse_toml("a = '\xc3\xa9'\n"));
  const auto nameless = parse_toml("a = 1\n[!]\n");
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().line, 2U);
}

// "a.a.a"
std::string dotted(std::size_t parts) {
  std::string name = "a";
  name.reserve(2 * parts);
  for (std::size_t i = 1; i < parts; ++i) name += ".a";
  return name;
}

TEST(TomlScreen, NamesOfTooManyPartsHaveTheirLine) {
  const std::string most = dotted(64);
  const std::string half = dotted(33);
  const std::vector<std::string> texts = {most + ".a = 1",
                                          most + " . 'a' = 1",
                                          "[" + most + ".a]",
                                          "[[" + most + ".a]]",
                                          "b = {" + most + ".a = 1}",
                                          half + " = {" + half + " = 1}",
                                          half + " = [{b = 1, " + half + " = 1}]",
                                          "b = [[1], {" + most + ".a = 1}]"};
  for (const std::string& text : texts) {
    const TomlScreening found = screen_toml("b.a = 1\n" + text);
    EXPECT_EQ(found.line, 2U) << text;
    EXPECT_EQ(found.message, "a name, with those of the tables around it, has more than 64 parts") << text;
  }
}

TEST(TomlScreen, OtherDotsMayStand) {
  const std::string most = dotted(64);
  const std::string half = dotted(32);
  std::string numbers = "a = [";
  std::string keys = "b = {";
  for (int i = 0; i < 100; ++i) {
    numbers += "1.5, ";
    keys.append("a").append(std::to_string(i)).append(".b = 1.5, ");
  }
  const std::vector<std::string> texts = {most + " = 1\n" + most + " = 2.5",
                                          "[" + most + "]\n" + most + " = 1",
                                          "a = '" + most + most + "'",
                                          "# " + most + most,
                                          numbers + "]",
                                          keys + "c.d = 1}",
                                          half + " = {b = {c = 1}, " + half + " = 1}",
                                          "a = [{" + most + " = 1}, {" + most + " = 1}]\n" + most + " = 1"};
  for (const std::string& text : texts) {
    EXPECT_EQ(screen_toml(text).line, 0U) << text;
  }
}

TEST(TomlScreen, AFileOfDotsIsRefusedAndNotFollowed) {
  const std::vector<std::string> texts = {dotted(1U << 20U) + " = 1", "[" + dotted(1U << 20U) + "]"};
  for (const std::string& text : texts) {
    const auto parsed = parse_toml("b = 1\n" + text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().line, 2U);
    EXPECT_EQ(parsed.error().message, "a name, with those of the tables around it, has more than 64 parts");
  }
}

}  // namespace
}  // namespace wp::control
