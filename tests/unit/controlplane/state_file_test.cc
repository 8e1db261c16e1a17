#include "controlplane/state_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/overlay_text.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() : path(fs::temp_directory_path() / ("warmpath-state-" + std::to_string(getpid()))) {
    fs::remove_all(path);
    fs::create_directory(path);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path); }

  [[nodiscard]] std::string file() const { return (path / "state.json").string(); }
  void put(const std::string& name, std::string_view text) const { std::ofstream(path / name) << text; }
  [[nodiscard]] std::string get(const std::string& name) const {
    std::ifstream in(path / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path path;
};

Changes one_drained(const std::string& name) {
  Changes changes;
  changes[name].drained = true;
  return changes;
}

std::unique_ptr<StateFile> open(const Folder& folder) {
  auto file = StateFile::open(folder.file());
  EXPECT_TRUE(file.has_value()) << (file ? "" : file.error());
  return std::move(*file);
}

TEST(StateFile, WhatIsWrittenIsReadByTheNext) {
  const Folder folder;
  {
    const auto file = open(folder);
    EXPECT_TRUE(file->read().changes.empty());
    EXPECT_EQ(file->read().trouble, "");
    ASSERT_TRUE(file->write(one_drained("a:1")).has_value());
    ASSERT_TRUE(file->write(one_drained("b:1")).has_value());
  }
  const auto kept = open(folder)->read();
  EXPECT_EQ(kept.trouble, "");
  EXPECT_EQ(state_text(kept.changes), state_text(one_drained("b:1")));
}

TEST(StateFile, ACrashBeforeTheRenameLeavesTheOldState) {
  const Folder folder;
  const auto file = open(folder);
  ASSERT_TRUE(file->write(one_drained("a:1")).has_value());
  folder.put("state.json.new", state_text(one_drained("b:1")).substr(0, 30));
  EXPECT_EQ(state_text(file->read().changes), state_text(one_drained("a:1")));
  // The next write does not trip over what was left behind.
  ASSERT_TRUE(file->write(one_drained("c:1")).has_value());
  EXPECT_EQ(folder.get("state.json"), state_text(one_drained("c:1")));
  EXPECT_FALSE(fs::exists(folder.path / "state.json.new"));
}

TEST(StateFile, ABrokenFileIsSetAsideAndNamed) {
  const Folder folder;
  const auto file = open(folder);
  for (const int number : {1, 2}) {
    folder.put("state.json", "{\"format\": " + std::to_string(number));
    const auto kept = file->read();
    EXPECT_TRUE(kept.changes.empty());
    const std::string aside = folder.file() + ".broken-" + std::to_string(number);
    EXPECT_EQ(kept.trouble, "run-time changes are lost: " + folder.file() +
                                " cannot be understood (it is no state of warmpathd); it is kept as " + aside);
    EXPECT_FALSE(fs::exists(folder.file()));
    EXPECT_EQ(folder.get("state.json.broken-" + std::to_string(number)), "{\"format\": " + std::to_string(number));
  }
}

TEST(StateFile, AFutureVersionIsSetAsideToo) {
  const Folder folder;
  folder.put("state.json", R"({"format":"warmpath-state","version":9,"replicas":{}})");
  const auto kept = open(folder)->read();
  EXPECT_NE(kept.trouble.find("it is of version 9"), std::string::npos) << kept.trouble;
  EXPECT_TRUE(fs::exists(folder.file() + ".broken-1"));
}

TEST(StateFile, AFailedWriteLeavesTheOldState) {
  const Folder folder;
  const auto file = open(folder);
  ASSERT_TRUE(file->write(one_drained("a:1")).has_value());
  fs::create_directory(folder.path / "state.json.new");
  const auto written = file->write(one_drained("b:1"));
  ASSERT_FALSE(written.has_value());
  EXPECT_NE(written.error().find("cannot write " + folder.file() + ".new"), std::string::npos) << written.error();
  EXPECT_EQ(folder.get("state.json"), state_text(one_drained("a:1")));
}

TEST(StateFile, BelongsToOneProcess) {
  const Folder folder;
  {
    const auto file = open(folder);
    const auto second = StateFile::open(folder.file());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error(), "another warmpathd keeps its state in " + folder.file());
  }
  EXPECT_TRUE(StateFile::open(folder.file()).has_value());
  EXPECT_FALSE(StateFile::open("/nowhere/state.json").has_value());
}

// A fleet with a file, and the next one with the same.
TEST(StateFile, AFleetFindsItsChangesAgain) {
  const Folder folder;
  const std::vector<ReplicaSpec> configured = {spec_of("10.0.0.1:1"), spec_of("10.0.0.2:1"), spec_of("10.0.0.3:1")};
  {
    World w;
    const auto file = open(folder);
    w.fleet.remember({}, file.get());
    ASSERT_TRUE(w.fleet.start(configured).has_value());
    ASSERT_TRUE(w.fleet.set_weight("10.0.0.1:1", 7).has_value());
    ASSERT_TRUE(w.fleet.drain("10.0.0.2:1").has_value());
    ASSERT_TRUE(w.fleet.remove("10.0.0.3:1").has_value());
    ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.4:1,weight=3")).has_value());
    EXPECT_FALSE(w.fleet.add(spec_of("10.0.0.3:1,priority=2")).has_value());
    EXPECT_EQ(w.fleet.unsaved(), "");
  }
  World w;
  const auto file = open(folder);
  w.fleet.remember(file->read().changes, file.get());
  ASSERT_TRUE(w.fleet.start(configured).has_value());
  ASSERT_EQ(w.registry.members().size(), 3U);
  EXPECT_EQ(w.registry.find("10.0.0.1:1")->spec.weight, 7U);
  EXPECT_TRUE(w.registry.find("10.0.0.2:1")->draining);
  EXPECT_EQ(w.registry.find("10.0.0.4:1")->spec.weight, 3U);
  EXPECT_EQ(w.snapshot().version, 1U);
  // Back to the configuration, in one step.
  ASSERT_TRUE(w.fleet.reset_all().has_value());
  ASSERT_EQ(w.registry.members().size(), 3U);
  EXPECT_EQ(w.registry.find("10.0.0.1:1")->spec.weight, 100U);
  EXPECT_FALSE(w.registry.find("10.0.0.2:1")->draining);
  EXPECT_NE(w.registry.find("10.0.0.3:1"), nullptr);
  EXPECT_EQ(w.registry.find("10.0.0.4:1"), nullptr);
  EXPECT_EQ(w.snapshot().version, 2U);
  EXPECT_TRUE(file->read().changes.empty());
}

TEST(StateFile, AChangeThatCannotBeKeptStillHolds) {
  const Folder folder;
  World w;
  const auto file = open(folder);
  w.fleet.remember({}, file.get());
  ASSERT_TRUE(w.fleet.start(std::vector{spec_of("10.0.0.1:1")}).has_value());
  fs::create_directory(folder.path / "state.json.new");
  ASSERT_TRUE(w.fleet.drain("10.0.0.1:1").has_value());
  EXPECT_TRUE(w.registry.find("10.0.0.1:1")->draining);
  EXPECT_NE(w.fleet.unsaved().find("until warmpathd is started anew"), std::string::npos);
  fs::remove(folder.path / "state.json.new");
  ASSERT_TRUE(w.fleet.undrain("10.0.0.1:1").has_value());
  EXPECT_EQ(w.fleet.unsaved(), "");
}

TEST(Fleet, AReconfigurationKeepsWhatWasChanged) {
  World w;
  ASSERT_TRUE(w.fleet.start(std::vector{spec_of("10.0.0.1:1"), spec_of("10.0.0.2:1")}).has_value());
  ASSERT_TRUE(w.fleet.drain("10.0.0.1:1").has_value());
  const balance::ReplicaRef kept = w.registry.find("10.0.0.1:1")->ref;
  Settings next;
  next.pools.emplace_back().replicas = {spec_of("10.0.0.1:1,weight=5"), spec_of("10.0.0.3:1")};
  next.pools[0].health.enabled = false;
  ASSERT_TRUE(w.fleet.reconfigure(next).has_value());
  EXPECT_EQ(w.registry.find("10.0.0.1:1")->ref, kept);
  EXPECT_TRUE(w.registry.find("10.0.0.1:1")->draining);
  EXPECT_EQ(w.registry.find("10.0.0.1:1")->spec.weight, 5U);
  EXPECT_EQ(w.registry.find("10.0.0.2:1"), nullptr);
  EXPECT_NE(w.registry.find("10.0.0.3:1"), nullptr);
}

TEST(StateFile, AnAdditionThatIsConfiguredNowIsWritten) {
  const Folder folder;
  World w;
  const auto file = open(folder);
  w.fleet.remember({}, file.get());
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.1:1")).has_value());
  ASSERT_TRUE(w.fleet.drain("10.0.0.1:1").has_value());
  Settings next;
  next.pools.emplace_back().replicas = {spec_of("10.0.0.1:1")};
  next.pools[0].health.enabled = false;
  ASSERT_TRUE(w.fleet.reconfigure(next).has_value());
  EXPECT_EQ(state_text(file->read().changes), state_text(one_drained("10.0.0.1:1")));
}

// Whoever may write in the folder could have another file written, by root before the daemon becomes somebody else.
TEST(StateFile, NoSymbolicLinkIsFollowed) {
  const std::string why = "it is a symbolic link, and none is followed";
  const Folder folder;
  folder.put("other", "precious");
  fs::create_symlink("other", folder.path / "state.json.lock");
  const auto locked = StateFile::open(folder.file());
  ASSERT_FALSE(locked.has_value());
  EXPECT_EQ(locked.error(), "cannot open " + folder.file() + ".lock: " + why);
  fs::remove(folder.path / "state.json.lock");
  const auto file = open(folder);
  fs::create_symlink("other", folder.path / "state.json.new");
  const auto written = file->write(one_drained("a:1"));
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error(), "cannot write " + folder.file() + ".new: " + why);
  fs::create_symlink("other", folder.path / "state.json");
  EXPECT_EQ(file->read().trouble, "run-time changes are lost: cannot read " + folder.file() + " (" + why +
                                      "); it is kept as " + folder.file() + ".broken-1");
  EXPECT_EQ(folder.get("other"), "precious");
}

}  // namespace
}  // namespace wp::control
