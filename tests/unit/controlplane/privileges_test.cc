// What is given up is given up for good, so each test does it in a child of its own.
#include "controlplane/daemon/privileges.h"

#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wp::daemon {
namespace {

// What the function returns in a child; -1 when it did not get that far.
int in_child(const std::function<int()>& run) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run());
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

std::string own_folder(const char* name) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("warmpath-" + std::string(name) + "-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  return folder.string();
}

TEST(Privileges, AUserIsFoundByNameAndNumber) {
  const auto root = find_identity("root", "");
  ASSERT_TRUE(root.has_value()) << root.error();
  EXPECT_EQ(root->uid, 0U);
  EXPECT_EQ(root->gid, 0U);
  const auto numbered = find_identity("54321", "12345");
  ASSERT_TRUE(numbered.has_value()) << numbered.error();
  EXPECT_EQ(numbered->uid, 54321U);
  EXPECT_EQ(numbered->gid, 12345U);
  EXPECT_EQ(numbered->groups, std::vector<gid_t>{12345});
}

TEST(Privileges, WhoIsNotThereIsOneLine) {
  EXPECT_EQ(find_identity("no-such-user", "").error(), "there is no user 'no-such-user'");
  EXPECT_EQ(find_identity("root", "no-such-group").error(), "there is no group 'no-such-group'");
  EXPECT_EQ(find_identity("54321", "").error(), "user 54321 has no group of its own: name one");
}

TEST(Privileges, NothingNewCanBeGained) {
  EXPECT_EQ(in_child([] {
              if (!forbid_new_privileges()) return 1;
              if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 2;
              if (::geteuid() != 0) return 0;  // the bounding set is root's to change
              for (unsigned long c = 0; ::prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; ++c) {
                if (::prctl(PR_CAPBSET_READ, c, 0, 0, 0) != 0) return 3;
              }
              return 0;
            }),
            0);
}

TEST(Privileges, AnotherUserIsBecomeForGoodOrNotAtAll) {
  const int expected = ::geteuid() == 0 ? 0 : 1;
  EXPECT_EQ(in_child([] {
              const auto who = find_identity("54321", "12345");
              if (!who || !forbid_new_privileges()) return 2;
              if (!become(*who, {})) return 1;
              if (::getuid() != 54321 || ::geteuid() != 54321 || ::getgid() != 12345) return 3;
              if (::setuid(0) == 0 || ::setgid(0) == 0) return 4;
              gid_t groups[4];
              return ::getgroups(4, groups) == 1 && groups[0] == 12345 ? 0 : 5;
            }),
            expected);
}

TEST(Privileges, FilesAreHandedOverAndWhatWillFailIsSaid) {
  if (::geteuid() != 0) {
    // Nobody but root can give files away: that it fails is the behaviour.
    const std::vector<std::string> files = {"/"};
    EXPECT_EQ(in_child([&] { return become({.name = "x", .uid = 1, .gid = 1, .groups = {}}, files) ? 1 : 0; }), 0);
    return;
  }
  const std::string folder = own_folder("handed");
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  const std::vector<std::string> files = {folder + "/there", folder + "/absent"};
  const std::string shared = folder + "/shared";
  std::ofstream(files[0]) << "state";
  std::ofstream(shared) << "socket";
  ASSERT_EQ(::chown(shared.c_str(), 0, 777), 0);
  ASSERT_EQ(::chmod(files[0].c_str(), 0600), 0);
  EXPECT_EQ(in_child([&] {
              const auto problems = become({.name = "54321", .uid = 54321, .gid = 12345, .groups = {12345}}, files);
              if (!problems || problems->size() != 2) return 1;
              if ((*problems)[0] !=
                  "54321 cannot write in the folder of " + files[0] + ": it cannot be made anew or removed") {
                return 2;
              }
              return std::ofstream(files[0], std::ios::app).is_open() ? 0 : 3;
            }),
            0);
  const std::vector<std::string> with_group = {shared};
  EXPECT_EQ(in_child([&] {
              return become({.name = "54321", .uid = 54321, .gid = 12345, .groups = {12345}}, with_group) ? 0 : 1;
            }),
            0);
  struct stat about{};
  ASSERT_EQ(::stat(files[0].c_str(), &about), 0);
  EXPECT_EQ(about.st_gid, 12345U);
  ASSERT_EQ(::stat(shared.c_str(), &about), 0);
  EXPECT_EQ(about.st_uid, 54321U);
  EXPECT_EQ(about.st_gid, 777U) << "a group that was chosen stays";
  std::filesystem::remove_all(folder);
}

TEST(Privileges, WhatOthersUseTooIsNotGivenAway) {
  if (::geteuid() != 0) GTEST_SKIP() << "nobody but root can give files away";
  const std::string folder = own_folder("kept");
  const std::string fifo = folder + "/fifo";
  std::vector<std::string> files = {folder + "/folder", folder + "/link"};
  ASSERT_EQ(::mkdir(files[0].c_str(), 0755), 0);
  ASSERT_EQ(::symlink("fifo", files[1].c_str()), 0);
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const std::string device = folder + "/null";
  if (::mknod(device.c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0) files.push_back(device);  // not in every container
  std::vector<std::string> all = files;
  all.push_back(fifo);
  EXPECT_EQ(
      in_child([&] { return become({.name = "54321", .uid = 54321, .gid = 12345, .groups = {12345}}, all) ? 0 : 1; }),
      0);
  struct stat about{};
  for (const std::string& file : files) {
    ASSERT_EQ(::lstat(file.c_str(), &about), 0);
    EXPECT_EQ(about.st_uid, 0U) << file;
  }
  ASSERT_EQ(::lstat(fifo.c_str(), &about), 0);
  EXPECT_EQ(about.st_uid, 54321U);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wp::daemon
