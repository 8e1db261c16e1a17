#include "tools/lab/picture.h"

#include <gtest/gtest.h>

#include "tests/unit/lab/world.h"

namespace wp::lab {
namespace {

std::size_t count(const std::string& text, std::string_view word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

Row row_of(std::string name, double share, double imbalance) {
  Row row;
  row.strategy = std::move(name);
  row.hit_share = share / 2;
  row.share_of_ideal = share;
  row.imbalance = imbalance;
  row.ttft_p50_ms = 100;
  row.ttft_p90_ms = 1000;
  row.ttft_p99_ms = 10'000;
  return row;
}

TEST(Picture, DrawsEveryRowToScale) {
  Trace trace = trace_of({mooncake(0, {1})});
  trace.name = "a<b>&c";
  const std::vector<Row> rows = {row_of("one", 1, 3), row_of("two", 0.5, 2)};
  const std::string svg = picture_text(trace, {}, rows);
  EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
  EXPECT_NE(svg.find("a&lt;b&gt;&amp;c"), std::string::npos);
  EXPECT_EQ(count(svg, "<rect "), 4U);
  EXPECT_EQ(count(svg, "<circle "), 6U);
  // Panels are 240 wide: all of the ideal and half of it; the worst imbalance and half of the way from 1 to it.
  EXPECT_EQ(count(svg, "width=\"240.0\""), 2U);
  EXPECT_EQ(count(svg, "width=\"120.0\""), 2U);
  // 100 ms to 10 s are two decades: the 90 % stand in the middle of the third panel.
  EXPECT_EQ(count(svg, "cx=\"910.0\""), 2U);
  EXPECT_NE(svg.find(">10 s<"), std::string::npos);
}

TEST(Picture, HasRoomForNoDifferenceAtAll) {
  const Trace trace = trace_of({mooncake(0, {1})});
  Row row = row_of("flat", 1, 1);
  row.ttft_p50_ms = row.ttft_p90_ms = row.ttft_p99_ms = 0;
  const std::string svg = picture_text(trace, {}, std::vector<Row>{row});
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

}  // namespace
}  // namespace wp::lab
