#include "controlplane/daemon/feeds_process.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/controlplane/world.h"

namespace wp::daemon {
namespace {

using control::run_until;

// A program that is a shell script, in a folder of its own.
class Script {
 public:
  explicit Script(const std::string& body) {
    std::string folder = (std::filesystem::temp_directory_path() / "warmpath-feeds-XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    std::ofstream(path()) << "#!/bin/sh\n" << body << "\n";
    std::filesystem::permissions(path(), std::filesystem::perms::owner_all);
  }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  ~Script() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ / "program"; }

 private:
  std::filesystem::path folder_;
};

struct Fed {
  explicit Fed(std::string program)
      : process(io, std::move(program), seconds(2), [this](int socket) { sockets.push_back(socket); }) {}
  ~Fed() {
    for (const int socket : sockets) ::close(socket);
  }

  boost::asio::io_context io;
  std::vector<int> sockets;  // our ends
  FeedsProcess process;
};

TEST(FeedsProcess, OneThatEndsIsStartedAgainWithASocketOfItsOwn) {
  const Script ends("test \"$1 $2\" = '--descriptor 3' && test -S /proc/self/fd/3 && exit 7");
  Fed a(ends.path());
  ASSERT_TRUE(a.process.start().has_value());
  ASSERT_TRUE(run_until(a.io, [&] { return a.process.counters().starts.value() == 2; }));
  EXPECT_EQ(a.sockets.size(), 2U);
}

TEST(FeedsProcess, OneThatRunsIsEndedAndNotStartedAgain) {
  const Script rests("exec sleep 600");
  Fed a(rests.path());
  ASSERT_TRUE(a.process.start().has_value());
  const pid_t pid = a.process.pid();
  ASSERT_GT(pid, 0);
  EXPECT_EQ(a.process.counters().running.value(), 1U);
  a.process.stop();
  EXPECT_EQ(::kill(pid, 0), -1) << "it still runs";
  EXPECT_EQ(a.process.pid(), 0);
  a.io.run();  // nothing is left to do
  EXPECT_EQ(a.process.counters().starts.value(), 1U);
  EXPECT_EQ(a.process.counters().running.value(), 0U);
}

TEST(FeedsProcess, OneThatDoesNotEndIsKilled) {
  const Script stubborn("trap '' TERM\necho ready >&3\nwhile :; do sleep 1; done");
  Fed a(stubborn.path());
  ASSERT_TRUE(a.process.start().has_value());
  char first = 0;
  ASSERT_EQ(::read(a.sockets.front(), &first, 1), 1) << "it heeds no signal from here on";
  const pid_t pid = a.process.pid();
  a.process.stop();
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(FeedsProcess, OneThatIsNotThereIsAnError) {
  Fed a("/nonexistent/warmpath-feeds");
  const auto started = a.process.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error(), "cannot run /nonexistent/warmpath-feeds: No such file or directory");
  EXPECT_TRUE(a.sockets.empty());
}

TEST(FeedsProcess, TheProgramIsBesideOurOwnUnlessItIsNamed) {
  EXPECT_EQ(feeds_program("/opt/feeds"), "/opt/feeds");
  EXPECT_EQ(std::filesystem::path(feeds_program("")).filename(), "warmpath-feeds");
}

}  // namespace
}  // namespace wp::daemon
