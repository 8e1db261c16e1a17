#include "tools/ctl/table.h"

#include <gtest/gtest.h>

namespace wp::ctl {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({{"NAME"}, {"N", Align::right}, {"LAST"}});
  table.add({"a", "1", "x"});
  table.add({"a longer name", "1000", ""});
  EXPECT_EQ(table.text(false),
            "NAME              N  LAST\n"
            "a                 1  x\n"
            "a longer name  1000\n");
}

TEST(Table, WidthCountsCharactersNotBytes) {
  Table table({{"NAME"}, {"NEXT"}});
  table.add({"größe", "x"});
  table.add({"abcdef", "x"});
  EXPECT_EQ(table.text(false),
            "NAME    NEXT\n"
            "größe   x\n"
            "abcdef  x\n");
}

TEST(Table, ColoursOnlyWhenAsked) {
  Table table({{"STATE"}, {"X"}});
  table.add({Cell("up", Tone::good), "1"});
  EXPECT_EQ(table.text(false), "STATE  X\nup     1\n");
  EXPECT_EQ(table.text(true), "STATE  X\n\x1b[32mup\x1b[0m     1\n");
}

TEST(Table, ControlCharactersDoNotReachTheTerminal) {
  Table table({{"NAME"}, {"X"}});
  table.add({"a\x1b[2J\nb", "1"});
  EXPECT_EQ(table.text(false), "NAME     X\na?[2J?b  1\n");
}

TEST(Table, WithoutRowsThereIsItsHead) {
  Table table({{"A"}, {"B"}});
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.text(false), "A  B\n");
}

TEST(FactLines, ValuesStandInOneColumn) {
  EXPECT_EQ(fact_lines({{"up for", "3s"}, {"x", Cell("bad", Tone::bad)}}, false), "up for  3s\nx       bad\n");
  EXPECT_EQ(fact_lines({{"x", Cell("bad", Tone::bad)}}, true), "x  \x1b[31mbad\x1b[0m\n");
}

}  // namespace
}  // namespace wp::ctl
