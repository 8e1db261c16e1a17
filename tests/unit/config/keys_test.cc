#include "controlplane/config/keys.h"

#include <set>

#include <gtest/gtest.h>

#include "controlplane/config/read.h"
#include "controlplane/config/write.h"

namespace wp::control {
namespace {

// Rows of all tables, for what holds for each of them.
struct Row {
  std::string path;
  std::string type;
  std::string meaning;
};

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  const auto add = [&rows](const auto& keys) {
    for (const auto& key : keys) rows.push_back({std::string(key.path), key.type, std::string(key.meaning)});
  };
  add(settings_keys());
  add(pool_keys());
  add(replica_keys());
  add(route_keys());
  return rows;
}

TEST(Keys, EachIsThereOnceInATableAndExplained) {
  std::set<std::string> seen;
  for (const Row& row : all_rows()) {
    EXPECT_TRUE(seen.insert(row.path).second) << row.path;
    EXPECT_NE(row.path.find('.'), std::string::npos) << row.path;
    EXPECT_FALSE(row.type.empty()) << row.path;
    EXPECT_FALSE(row.meaning.empty()) << row.path;
  }
}

// A text that is no value of any kind but a name's is refused by every other key, so no reader takes just anything.
TEST(Keys, NoneTakesATableForItsValue) {
  const auto root = parse_toml("x = {y = 1}");
  ASSERT_TRUE(root.has_value());
  const TomlValue& table = root->children.front();
  Settings settings;
  for (const auto& key : settings_keys()) EXPECT_TRUE(key.read(table, settings)) << key.path;
  PoolSettings pool;
  for (const auto& key : pool_keys()) EXPECT_TRUE(key.read(table, pool)) << key.path;
  ReplicaSpec replica;
  for (const auto& key : replica_keys()) EXPECT_TRUE(key.read(table, replica)) << key.path;
  RouteSettings route;
  for (const auto& key : route_keys()) EXPECT_TRUE(key.read(table, route)) << key.path;
  EXPECT_EQ(write_settings(settings), write_settings(Settings{}));
}

// Two rows that write one member would hide each other: each default is read back into its own place only.
TEST(Keys, EachReadsWhatItWrites) {
  Settings settings =
      read_settings("[[pool]]\nreplica = [{url = 'a:1'}]\n[[route]]\nmodel = '*'\npool = 'default'\n").value();
  const auto check = [](const auto& keys, const auto& owner) {
    for (const auto& key : keys) {
      const std::string written = key.write(owner);
      const auto root = parse_toml("x = " + written);
      ASSERT_TRUE(root.has_value()) << key.path << " = " << written;
      auto copy = owner;
      EXPECT_FALSE(key.read(root->children.front(), copy)) << key.path << " = " << written;
      EXPECT_EQ(key.write(copy), written) << key.path;
    }
  };
  check(settings_keys(), settings);
  check(pool_keys(), settings.pools[0]);
  check(replica_keys(), settings.pools[0].replicas[0]);
  check(route_keys(), settings.routes[0]);
}

}  // namespace
}  // namespace wp::control
