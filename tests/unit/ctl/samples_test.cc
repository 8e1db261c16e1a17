#include "tools/ctl/samples.h"

#include <gtest/gtest.h>

namespace wp::ctl {
namespace {

constexpr std::string_view kScrape =
    "# HELP a_total Help with {braces}.\n"
    "# TYPE a_total counter\n"
    "a_total{reason=\"x\"} 3\n"
    "a_total{reason=\"a } \\\" b\"} 0\n"
    "# TYPE d_seconds histogram\n"
    "d_seconds_bucket{le=\"+Inf\"} 2\n"
    "d_seconds_sum 0.5\n"
    "d_seconds_count 2\n"
    "\n"
    "loose 1.5e3";

TEST(ReadSamples, NamesLabelsValuesAndKinds) {
  const auto samples = read_samples(kScrape);
  ASSERT_TRUE(samples.has_value()) << samples.error();
  ASSERT_EQ(samples->size(), 6U);
  EXPECT_EQ((*samples)[0].name, "a_total");
  EXPECT_EQ((*samples)[0].labels, "{reason=\"x\"}");
  EXPECT_EQ((*samples)[0].value, "3");
  EXPECT_EQ((*samples)[0].kind, "counter");
  EXPECT_EQ((*samples)[1].labels, "{reason=\"a } \\\" b\"}");
  EXPECT_EQ((*samples)[1].value, "0");
  EXPECT_EQ((*samples)[2].kind, "histogram");
  EXPECT_EQ((*samples)[3].kind, "histogram");
  EXPECT_EQ((*samples)[3].labels, "");
  EXPECT_EQ((*samples)[5].value, "1.5e3");
  EXPECT_EQ((*samples)[5].kind, "");
}

TEST(ReadSamples, ALineThatIsNoneIsTheError) {
  for (const char* line : {"novalue", "{x=\"1\"} 2", "a{x=\"1\" 2", "a{x=\"1\"}2", "a ", "# TYPE a"}) {
    const auto samples = read_samples(std::string("ok 1\n") + line + "\n");
    ASSERT_FALSE(samples.has_value()) << line;
    EXPECT_EQ(samples.error(), line);
  }
}

}  // namespace
}  // namespace wp::ctl
