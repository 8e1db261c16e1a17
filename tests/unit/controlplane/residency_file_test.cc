// Two control planes after one another, with one file between them.
#include "controlplane/residency_file.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/controlplane/state_folder.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

constexpr std::uint64_t kKey = 5;
constexpr std::array<prompt::Rung, 1> kPrompt{{{.hash = 0x1234'5678'9abc'def0, .end = 256}}};

ReplicaSpec numbered(int number) {
  return spec_of("http://192.0.2." + std::to_string(number) + ":8000");
}

// A world with replicas of these numbers, in that order.
struct Process {
  explicit Process(const std::string& path, std::initializer_list<int> numbers) : file(kKey) {
    file.keep_in(path);
    std::vector<ReplicaSpec> specs;
    for (const int number : numbers) specs.push_back(numbered(number));
    EXPECT_TRUE(world.fleet.start(specs));
  }
  [[nodiscard]] std::uint32_t id(int number) { return world.registry.find(numbered(number).name)->ref.id; }
  [[nodiscard]] std::string metrics() const {
    MetricText text;
    file.write(text);
    return text.text();
  }
  World world;
  ResidencyFile file;
};

// Its prompt went to replica 2.
void live(const std::string& path) {
  Process process(path, {1, 2, 3});
  process.world.residency.record(process.id(2), kPrompt, {}, 100, 0);
  process.file.leave(process.world.residency, process.world.registry);
}

TEST(ResidencyFile, TheNextProcessKnowsWhatThisOneKnew) {
  const StateFolder folder;
  const std::string path = (folder.path / "residency").string();
  live(path);
  EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms::mask, std::filesystem::perms(0600));
  Process next(path, {3, 2});
  next.file.take_up(next.world.residency, next.world.registry);
  const auto holders = next.world.residency.holders(kPrompt[0].hash);
  ASSERT_EQ(holders.count, 1U);
  EXPECT_EQ(holders.all[0].replica_id, next.id(2));
  EXPECT_EQ(next.file.adopted().entries, 1U);
  EXPECT_NE(next.metrics().find("warmpath_residency_handover_total{result=\"adopted\"} 1\n"), std::string::npos);
  EXPECT_NE(next.metrics().find("warmpath_residency_adopted_entries 1\n"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path)) << "a process that dies leaves no table of long ago";
}

TEST(ResidencyFile, NothingThereIsNoTrouble) {
  const StateFolder folder;
  for (const std::string& path : {(folder.path / "residency").string(), std::string()}) {
    Process process(path, {1});
    process.file.take_up(process.world.residency, process.world.registry);
    EXPECT_NE(process.metrics().find("{result=\"none\"} 1\n"), std::string::npos);
    if (path.empty()) process.file.leave(process.world.residency, process.world.registry);
  }
}

TEST(ResidencyFile, WhatIsWrongIsCountedAndTheTableIsEmpty) {
  const StateFolder folder;
  const std::string path = (folder.path / "residency").string();
  const auto begin = [&](std::string_view result) {
    Process next(path, {1, 2, 3});
    next.file.take_up(next.world.residency, next.world.registry);
    EXPECT_EQ(next.world.residency.holders(kPrompt[0].hash).count, 0U) << result;
    EXPECT_NE(next.metrics().find("{result=\"" + std::string(result) + "\"} 1\n"), std::string::npos) << result;
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(path)) && result != "unreadable");
  };
  std::ofstream(path) << "{}";
  begin("foreign");
  std::ofstream(path).close();
  begin("foreign");
  live(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  begin("damaged");
  std::filesystem::create_symlink("/etc/passwd", path);
  begin("unreadable");
}

TEST(ResidencyFile, AFolderThatIsGoneIsToldAndNothingElse) {
  const StateFolder folder;
  Process process((folder.path / "no/such/residency").string(), {1});
  process.file.leave(process.world.residency, process.world.registry);
  EXPECT_FALSE(std::filesystem::exists(folder.path / "no"));
}

}  // namespace
}  // namespace wp::control
