#include "tools/ctl/human.h"

#include <gtest/gtest.h>

namespace wp::ctl {
namespace {

TEST(Human, BytesInTheLargestFittingUnit) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1536 * 1024), "1.5 MiB");
  EXPECT_EQ(bytes_text(std::uint64_t{5} << 40U), "5.0 TiB");
  EXPECT_EQ(bytes_text(std::uint64_t{5} << 50U), "5120.0 TiB");
}

TEST(Human, SpansInTheTwoLargestUnits) {
  EXPECT_EQ(span_text(0), "0s");
  EXPECT_EQ(span_text(59), "59s");
  EXPECT_EQ(span_text(60), "1m 0s");
  EXPECT_EQ(span_text(3 * 3600 + 5), "3h 0m");
  EXPECT_EQ(span_text(100 * 86'400 + 3600), "100d 1h");
}

TEST(Human, OneIsSingular) {
  EXPECT_EQ(counted(0, "stream"), "0 streams");
  EXPECT_EQ(counted(1, "stream"), "1 stream");
  EXPECT_EQ(counted(2, "stream"), "2 streams");
}

}  // namespace
}  // namespace wp::ctl
