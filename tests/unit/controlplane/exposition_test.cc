#include "controlplane/exposition.h"

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

// The value of one sample, or -1.
double value_of(const std::string& text, const std::string& sample) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(sample + " ")) return std::stod(line.substr(sample.size() + 1));
  }
  return -1;
}

TEST(Exposition, LoadsAndReceiptsOfReplicas) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.1:1,weight=7")).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.2:1")).has_value());
  w.accounts.charge(w.registry.members()[0].ref, 0, 50, {}).release();
  balance::Charge charge = w.accounts.charge(w.registry.members()[0].ref, 0, 60, {});
  const std::string text = w.exposition.scrape();
  EXPECT_EQ(value_of(text, R"(warmpath_replica_prefill_tokens{replica="10.0.0.1:1"})"), 60);
  EXPECT_EQ(value_of(text, R"(warmpath_replica_streams{replica="10.0.0.1:1"})"), 1);
  EXPECT_EQ(value_of(text, R"(warmpath_replica_charges_total{replica="10.0.0.1:1"})"), 2);
  EXPECT_EQ(value_of(text, R"(warmpath_replica_releases_total{replica="10.0.0.1:1"})"), 1);
  EXPECT_EQ(value_of(text, R"(warmpath_replica_weight{replica="10.0.0.1:1"})"), 7);
  EXPECT_EQ(value_of(text, R"(warmpath_replica_state{replica="10.0.0.1:1",state="up"})"), 1);
  EXPECT_EQ(value_of(text, R"(warmpath_replica_state{replica="10.0.0.1:1",state="draining"})"), 0);
  EXPECT_EQ(value_of(text, R"(warmpath_build_info{version="1.2.3",transport="none"})"), 1);
  EXPECT_EQ(value_of(text, "warmpath_snapshots_published_total"), 3);
  EXPECT_GT(value_of(text, "process_open_fds"), 2);
  EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 1e6);
}

TEST(Exposition, ReceiptsOutliveTheReplica) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.1:1")).has_value());
  const balance::Charge charge = w.accounts.charge(w.registry.members()[0].ref, 0, 50, {});
  ASSERT_TRUE(w.fleet.remove("10.0.0.1:1").has_value());
  const std::string text = w.exposition.scrape();
  EXPECT_EQ(value_of(text, "warmpath_charges_total"), 1);
  EXPECT_EQ(value_of(text, "warmpath_releases_total"), 0);
}

TEST(Exposition, RingSlotsFollowTheRing) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  const std::string a = R"(warmpath_replica_ring_slots{replica="10.0.0.1:1"})";
  const std::string b = R"(warmpath_replica_ring_slots{replica="10.0.0.2:1"})";
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.1:1")).has_value());
  EXPECT_EQ(value_of(w.exposition.scrape(), a), balance::kDefaultRingSlots);
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.2:1")).has_value());
  const std::string both = w.exposition.scrape();
  EXPECT_EQ(value_of(both, a) + value_of(both, b), balance::kDefaultRingSlots);
  EXPECT_GT(value_of(both, b), balance::kDefaultRingSlots / 3);
  ASSERT_TRUE(w.fleet.drain("10.0.0.1:1").has_value());
  const std::string one = w.exposition.scrape();
  EXPECT_EQ(value_of(one, a), 0);
  EXPECT_EQ(value_of(one, b), balance::kDefaultRingSlots);
}

// The rules that `promtool check metrics` holds names and texts against.
TEST(Exposition, NamesFollowTheConventions) {
  World w;
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.1:1")).has_value());
  static const std::regex kSample(R"(([a-z][a-z0-9_]*)(\{([a-z_]+="(\\.|[^"\\])*",?)+\})? (\+Inf|[-+.0-9e]+))");
  std::map<std::string, std::string> kinds;
  std::set<std::string> samples;
  std::istringstream lines(w.exposition.scrape());
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_EQ(kinds.count(family), 0U) << family << " has two families";
      EXPECT_TRUE(line.ends_with(".")) << line;
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_EQ(line.substr(7, line.find(' ', 7) - 7), family);
      kinds[family] = line.substr(line.rfind(' ') + 1);
    } else {
      std::smatch match;
      ASSERT_TRUE(std::regex_match(line, match, kSample)) << line;
      EXPECT_TRUE(match[1].str().starts_with(family)) << line;
      EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second) << "twice: " << line;
    }
  }
  for (const auto& [name, kind] : kinds) {
    EXPECT_EQ(kind == "counter", name.ends_with("_total")) << name;
    EXPECT_TRUE(name.starts_with("warmpath_") || name.starts_with("process_")) << name;
  }
}

}  // namespace
}  // namespace wp::control
