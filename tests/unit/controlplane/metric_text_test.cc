#include "controlplane/metric_text.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "controlplane/metric_set.h"

namespace wp::control {
namespace {

TEST(MetricText, AFamilyIsHelpTypeAndSamples) {
  MetricText out;
  out.family("a_total", "Things.\nWith a \\ in it.", MetricKind::counter);
  out.sample("a_total", label("kind", "x"), std::uint64_t{18446744073709551615U});
  out.single("b", "One.", MetricKind::gauge, 7);
  EXPECT_EQ(out.text(),
            "# HELP a_total Things.\\nWith a \\\\ in it.\n"
            "# TYPE a_total counter\n"
            "a_total{kind=\"x\"} 18446744073709551615\n"
            "# HELP b One.\n"
            "# TYPE b gauge\n"
            "b 7\n");
}

TEST(MetricText, LabelValuesAreEscaped) {
  EXPECT_EQ(label("name", "a\\b\"c\nd"), "name=\"a\\\\b\\\"c\\nd\"");
  EXPECT_EQ(label("name", ""), "name=\"\"");
}

TEST(MetricText, HistogramsAreCumulativeAndInSeconds) {
  LatencyHistogram one;
  one.record(micros(64));    // the first bound belongs to the first bucket
  one.record(micros(100));   // second
  one.record(seconds(100));  // above all bounds
  LatencyHistogram two;
  two.record(micros(1));
  HistogramFigures figures;
  figures.add(one);
  figures.add(two);
  MetricText out;
  out.histogram("t_seconds", label("stream", "true"), figures);
  const std::string& text = out.text();
  EXPECT_TRUE(
      text.starts_with("t_seconds_bucket{stream=\"true\",le=\"6.4e-05\"} 2\n"
                       "t_seconds_bucket{stream=\"true\",le=\"0.000128\"} 3\n"
                       "t_seconds_bucket{stream=\"true\",le=\"0.000256\"} 3\n"))
      << text;
  EXPECT_TRUE(
      text.ends_with("t_seconds_bucket{stream=\"true\",le=\"67.108864\"} 3\n"
                     "t_seconds_bucket{stream=\"true\",le=\"+Inf\"} 4\n"
                     "t_seconds_sum{stream=\"true\"} 100.000165\n"
                     "t_seconds_count{stream=\"true\"} 4\n"))
      << text;
  EXPECT_EQ(std::ranges::count(text, '\n'), 21 + 1 + 2);
}

TEST(MetricSet, EqualNamesAndLabelsOfSeveralOwnersAreAddedUp) {
  Counter a;
  Counter b;
  Counter other;
  a.add(2);
  b.add(3);
  other.add(10);
  MetricList first;
  first.counter("x_total", "X.", "k=\"1\"", a);
  first.gauge("y", "Y.", "", other);
  MetricList second;
  second.counter("x_total", "X.", "k=\"2\"", other);
  second.counter("x_total", "X.", "k=\"1\"", b);
  MetricSet set;
  set.add(first);
  set.add(second);
  MetricText out;
  set.write(out);
  EXPECT_EQ(out.text(),
            "# HELP x_total X.\n# TYPE x_total counter\n"
            "x_total{k=\"1\"} 5\nx_total{k=\"2\"} 10\n"
            "# HELP y Y.\n# TYPE y gauge\ny 10\n");
}

TEST(MetricSetDeathTest, ANameHasOneKind) {
  Counter value;
  MetricList list;
  list.counter("x", "X.", "", value);
  list.gauge("x", "X.", "k=\"1\"", value);
  MetricSet set;
  EXPECT_DEATH(set.add(list), "kind");
}

}  // namespace
}  // namespace wp::control
