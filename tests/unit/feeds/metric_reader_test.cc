#include "controlplane/feeds/metric_reader.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/base/rng.h"

namespace wp::feeds {
namespace {

struct Read {
  std::vector<std::string> names;
  std::size_t bad = 0;
};

Read read_all(std::string_view text) {
  MetricReader reader(text);
  MetricSample sample;
  Read read;
  while (reader.next(sample)) read.names.emplace_back(sample.name);
  read.bad = reader.bad_lines();
  return read;
}

// The first sample of a text.
MetricSample first(MetricReader& reader) {
  MetricSample sample;
  EXPECT_TRUE(reader.next(sample));
  return sample;
}

TEST(MetricReader, SamplesHaveNamesLabelsAndValues) {
  MetricReader reader(
      "# HELP x y\n# TYPE x gauge\n\nvllm:waiting{engine=\"0\", name = \"a\\\"b}\",} 2.5e1 1700000000\n");
  const MetricSample sample = first(reader);
  EXPECT_EQ(sample.name, "vllm:waiting");
  EXPECT_EQ(sample.value, 25);
  ASSERT_EQ(sample.labels.size(), 2U);
  EXPECT_EQ(sample.label("engine"), "0");
  EXPECT_EQ(sample.label("name"), "a\\\"b}");
  EXPECT_EQ(sample.label("none"), std::nullopt);
  EXPECT_EQ(reader.bad_lines(), 0U);
  EXPECT_FALSE(reader.lines_left());
}

TEST(MetricReader, ValuesAreWhatTheFormatAllows) {
  const auto value = [](const std::string& text) {
    const std::string line = "x " + text;
    MetricReader reader(line);
    MetricSample sample;
    EXPECT_TRUE(reader.next(sample)) << text;
    return sample.value;
  };
  EXPECT_EQ(value("+Inf"), HUGE_VAL);
  EXPECT_EQ(value("-Inf"), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(value("NaN")));
  EXPECT_EQ(value("-1e-3"), -0.001);
  EXPECT_EQ(value("7 # {trace=\"a\"} 1 2"), 7) << "OpenMetrics hangs an example on";
  EXPECT_EQ(value("7\r"), 7);
}

TEST(MetricReader, LinesThatAreNoneAreSkippedAndCounted) {
  const Read read = read_all(
      "good 1\n{a=\"b\"} 1\n9x 1\nopen{a=\"b 1\nunclosed{a=\"b\" 1\nx{a:b=\"c\"} 1\nx{a=b} 1\nx\nx one\nx "
      "1x\nx{a=\"\\\n"
      "last 2");
  EXPECT_EQ(read.names, (std::vector<std::string>{"good", "last"}));
  EXPECT_EQ(read.bad, 10U);
}

TEST(MetricReader, LabelsAndLinesAreBounded) {
  std::string line = "x{";
  for (std::size_t i = 0; i < MetricReader::kMaxLabels; ++i) line += "l" + std::to_string(i) + "=\"v\",";
  EXPECT_EQ(read_all(line + "} 1\n").names.size(), 1U);
  EXPECT_EQ(read_all(line + "more=\"v\"} 1\n").bad, 1U);
  std::string text;
  for (std::size_t i = 0; i <= MetricReader::kMaxLines; ++i) text += "x 1\n";
  MetricReader reader(text);
  MetricSample sample;
  std::size_t samples = 0;
  while (reader.next(sample)) ++samples;
  EXPECT_EQ(samples, MetricReader::kMaxLines);
  EXPECT_TRUE(reader.lines_left());
}

// Every sample of a page is read, whatever stands in the other lines.
TEST(MetricReader, ABrokenLineCostsNoOther) {
  const std::string_view letters = "abz09:_{}\",=\\ \t.+-eE#~";
  Rng rng(5);
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    std::uint32_t good = 0;
    for (int line = 0; line < 6; ++line) {
      if (rng.below(2) == 0) {
        text += "good{a=\"" + std::to_string(rng.below(9)) + "\"} " + std::to_string(rng.below(99));
        ++good;
      } else {
        for (int i = 0; i < 20; ++i) text += letters[rng.below(static_cast<std::uint32_t>(letters.size()))];
      }
      text += "\n";
    }
    const std::vector<std::string> names = read_all(text).names;
    EXPECT_EQ(std::ranges::count(names, "good"), good) << text;
  }
}

}  // namespace
}  // namespace wp::feeds
