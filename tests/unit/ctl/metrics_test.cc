#include "tools/ctl/metrics.h"

#include <gtest/gtest.h>

namespace wp::ctl {
namespace {

TEST(Fits, PartOfANameOrAWholePattern) {
  const Sample sample{"warmpath_reasons_total", "{reason=\"no_replica\"}", "0", "counter"};
  EXPECT_TRUE(fits("reasons", sample));
  EXPECT_TRUE(fits("no_replica", sample));
  EXPECT_FALSE(fits("reason_", sample));
  EXPECT_TRUE(fits("warmpath_*", sample));
  EXPECT_TRUE(fits("*replica*", sample));
  EXPECT_TRUE(fits("w*_total{*}", sample));
  EXPECT_FALSE(fits("reasons*", sample));
  EXPECT_FALSE(fits("*_total", sample));
  EXPECT_TRUE(fits("**", sample));
}

}  // namespace
}  // namespace wp::ctl
