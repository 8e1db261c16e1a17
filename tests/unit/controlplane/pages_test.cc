#include "controlplane/daemon/pages.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "controlplane/access_format.h"
#include "controlplane/config/page.h"
#include "controlplane/reference.h"

namespace wp::daemon {
namespace {

std::string page(const std::string& name) {
  std::ifstream file(std::string(WARMPATH_DOC) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Pages, DocReasonsIsWhatTheProgramPrints) {
  EXPECT_EQ(page("REASONS.md"), control::reasons_page()) << "warmpathd --print-reasons > doc/REASONS.md";
}

TEST(Pages, DocStrictnessIsWhatTheProgramPrints) {
  EXPECT_EQ(page("STRICTNESS.md"), strictness_page()) << "warmpathd --print-strictness > doc/STRICTNESS.md";
}

TEST(Pages, DocMetricsIsWhatTheProgramPrints) {
  const auto printed = print_metrics();
  ASSERT_TRUE(printed.has_value()) << printed.error();
  EXPECT_EQ(page("METRICS.md"), *printed) << "warmpathd --print-metrics > doc/METRICS.md";
}

TEST(Pages, DocAccessLogIsWhatTheProgramPrints) {
  EXPECT_EQ(page("ACCESS-LOG.md"), control::access_log_page()) << "warmpathd --print-access-log > doc/ACCESS-LOG.md";
}

TEST(Pages, DocConfigIsWhatTheProgramPrints) {
  EXPECT_EQ(page("CONFIG.md"), control::config_page()) << "warmpathd --print-config-reference > doc/CONFIG.md";
}

TEST(Pages, MetricsTellKindLabelsAndMeaning) {
  EXPECT_NE(
      control::metrics_page("# HELP a_total Things | more.\n# TYPE a_total counter\n"
                            "a_total{k=\"x\\\"},y=\",z=\"1\"} 1\na_total{k=\"2\",z=\"2\"} 3\n"
                            "# HELP h_seconds Time.\n# TYPE h_seconds histogram\nh_seconds_bucket{le=\"1\"} 0\n")
          .find("| `a_total` | counter | `k`, `z` | Things \\| more. |\n| `h_seconds` | histogram |  | Time. |\n"),
      std::string::npos);
}

}  // namespace
}  // namespace wp::daemon
