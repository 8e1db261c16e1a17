#include "controlplane/config/values.h"

#include <gtest/gtest.h>

namespace wp::control {
namespace {

TomlValue value_of(const std::string& text) {
  const auto root = parse_toml("x = " + text);
  EXPECT_TRUE(root.has_value()) << text;
  return root ? root->children.front() : TomlValue{};
}

TEST(SizeValue, NumbersAndUnitsOfTwo) {
  const SizeValue size{1, UINT64_MAX};
  std::uint64_t bytes = 0;
  EXPECT_FALSE(size.read(value_of("7"), bytes));
  EXPECT_EQ(bytes, 7U);
  EXPECT_FALSE(size.read(value_of("'512KiB'"), bytes));
  EXPECT_EQ(bytes, 512U * 1024);
  EXPECT_FALSE(size.read(value_of("'3GiB'"), bytes));
  EXPECT_EQ(size.write(bytes), "\"3GiB\"");
  EXPECT_EQ(size.write(1025), "1025");
  for (const char* bad : {"'KiB'", "''", "'1KB'", "'1 KiB'", "'-1'", "-1", "1.0", "true", "0"}) {
    EXPECT_TRUE(size.read(value_of(bad), bytes)) << bad;
  }
  EXPECT_EQ(bytes, 3ULL << 30U) << "a wrong value changes nothing";
}

TEST(SizeValue, TooLargeAUnitDoesNotWrapAround) {
  std::uint64_t bytes = 0;
  EXPECT_TRUE((SizeValue{0, 1U << 20U}).read(value_of("'18014398509481985KiB'"), bytes));
}

TEST(DurationValue, NeedsItsUnit) {
  Duration duration;
  const DurationValue kind;
  EXPECT_FALSE(kind.read(value_of("'250ms'"), duration));
  EXPECT_EQ(duration, millis(250));
  EXPECT_EQ(kind.write(duration), "\"250ms\"");
  for (const char* bad : {"5", "'5'", "'0s'", "'1.5s'", "'1441m'", "'-1s'", "'5 s'", "''"}) {
    EXPECT_TRUE(kind.read(value_of(bad), duration)) << bad;
  }
}

TEST(FactorValue, EveryValueReadsBackAsItself) {
  const FactorValue kind;
  for (const double value : {1.25, 1.0000000000000002, 100.0, 33.333333333333336, 2.0}) {
    double back = 0;
    EXPECT_FALSE(kind.read(value_of(kind.write(value)), back)) << kind.write(value);
    EXPECT_EQ(back, value);
  }
}

TEST(ListValue, NamesWhatIsWrongAndWhatIsTwice) {
  std::vector<std::string> list = {"kept"};
  const ListValue kind{path_value()};
  EXPECT_EQ(kind.read(value_of("['/a', 'b']"), list).value(), "'b': a path begins with '/' and has no query");
  EXPECT_EQ(kind.read(value_of("['/a', '/a']"), list).value(), "\"/a\" is listed twice");
  EXPECT_EQ(kind.read(value_of("'/a'"), list).value(), "a list in brackets is wanted");
  EXPECT_EQ(list, std::vector<std::string>{"kept"});
  EXPECT_FALSE(kind.read(value_of("[]"), list));
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(kind.write(list), "[]");
}

TEST(Toml, QuotedTextReadsBack) {
  std::string every;
  for (int byte = 1; byte < 0x80; ++byte) every += static_cast<char>(byte);
  every += "\u00e9\u4e16";
  EXPECT_EQ(value_of(toml_quote(every)).string, every);
}

TEST(Toml, ValuesKnowTheirLines) {
  const auto root = parse_toml("b = 1\n[a]\nx = [1,\n 2]\n[[c]]\n[[c]]\ny = {z = 1}\n");
  ASSERT_TRUE(root.has_value());
  ASSERT_EQ(root->children.size(), 3U);
  EXPECT_EQ(root->children[0].key, "b");
  EXPECT_EQ(root->children[1].line, 2U);
  EXPECT_EQ(root->children[1].children[0].children[1].line, 4U);
  ASSERT_TRUE(root->children[2].is_table_list());
  EXPECT_EQ(root->children[2].children[1].line, 6U);
  EXPECT_EQ(root->children[2].children[1].children[0].children[0].line, 7U);
}

}  // namespace
}  // namespace wp::control
