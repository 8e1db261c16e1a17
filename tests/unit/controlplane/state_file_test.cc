#include "controlplane/state_file.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "controlplane/overlay_text.h"
#include "tests/unit/controlplane/state_folder.h"

namespace wp::control {
namespace {

namespace fs = std::filesystem;

TEST(StateFile, WhatIsWrittenIsReadByTheNext) {
  const StateFolder folder;
  {
    const auto file = folder.open();
    EXPECT_TRUE(file->read().changes.empty());
    EXPECT_EQ(file->read().trouble, "");
    ASSERT_TRUE(file->write(one_drained("a:1")).has_value());
    ASSERT_TRUE(file->write(one_drained("b:1")).has_value());
  }
  const auto kept = folder.open()->read();
  EXPECT_EQ(kept.trouble, "");
  EXPECT_EQ(state_text(kept.changes), state_text(one_drained("b:1")));
}

TEST(StateFile, ACrashBeforeTheRenameLeavesTheOldState) {
  const StateFolder folder;
  const auto file = folder.open();
  ASSERT_TRUE(file->write(one_drained("a:1")).has_value());
  folder.put("state.json.new", state_text(one_drained("b:1")).substr(0, 30));
  EXPECT_EQ(state_text(file->read().changes), state_text(one_drained("a:1")));
  // The next write does not trip over what was left behind.
  ASSERT_TRUE(file->write(one_drained("c:1")).has_value());
  EXPECT_EQ(folder.get("state.json"), state_text(one_drained("c:1")));
  EXPECT_FALSE(fs::exists(folder.path / "state.json.new"));
}

TEST(StateFile, ABrokenFileIsSetAsideAndNamed) {
  const StateFolder folder;
  const auto file = folder.open();
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
  const StateFolder folder;
  folder.put("state.json", R"({"format":"warmpath-state","version":9,"replicas":{}})");
  const auto kept = folder.open()->read();
  EXPECT_NE(kept.trouble.find("it is of version 9"), std::string::npos) << kept.trouble;
  EXPECT_TRUE(fs::exists(folder.file() + ".broken-1"));
}

TEST(StateFile, AFailedWriteLeavesTheOldState) {
  const StateFolder folder;
  const auto file = folder.open();
  ASSERT_TRUE(file->write(one_drained("a:1")).has_value());
  fs::create_directory(folder.path / "state.json.new");
  const auto written = file->write(one_drained("b:1"));
  ASSERT_FALSE(written.has_value());
  EXPECT_NE(written.error().find("cannot write " + folder.file() + ".new"), std::string::npos) << written.error();
  EXPECT_EQ(folder.get("state.json"), state_text(one_drained("a:1")));
}

TEST(StateFile, BelongsToOneProcess) {
  const StateFolder folder;
  {
    const auto file = folder.open();
    const auto second = StateFile::open(folder.file());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error(), "another warmpathd keeps its state in " + folder.file());
  }
  EXPECT_TRUE(StateFile::open(folder.file()).has_value());
  EXPECT_FALSE(StateFile::open("/nowhere/state.json").has_value());
}

// Whoever may write in the folder could have another file written, by root before the daemon becomes somebody else.
TEST(StateFile, NoSymbolicLinkIsFollowed) {
  const std::string why = "it is a symbolic link, and none is followed";
  const StateFolder folder;
  folder.put("other", "precious");
  fs::create_symlink("other", folder.path / "state.json.lock");
  const auto locked = StateFile::open(folder.file());
  ASSERT_FALSE(locked.has_value());
  EXPECT_EQ(locked.error(), "cannot open " + folder.file() + ".lock: " + why);
  fs::remove(folder.path / "state.json.lock");
  const auto file = folder.open();
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
