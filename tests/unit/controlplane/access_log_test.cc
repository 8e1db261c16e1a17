// The access log's thread with real files: rotated, full, removed, and slow.
#include "controlplane/daemon/access_log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/controlplane/world.h"

namespace wp::daemon {
namespace {

namespace fs = std::filesystem;

// Until the condition holds; false when it does not within ten seconds.
template <class Condition>
bool until(Condition&& holds) {
  boost::asio::io_context io;
  return control::run_until(io, holds);
}

struct Directory {
  Directory() {
    std::string name = (fs::temp_directory_path() / "warmpath-log-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Directory() { fs::remove_all(path); }
  [[nodiscard]] std::string file(const std::string& name) const { return (path / name).string(); }
  fs::path path;
};

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::size_t lines(const std::string& path) {
  const std::string text = content(path);
  EXPECT_TRUE(text.empty() || text.ends_with("\n")) << path;
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

using Ring = RecordRing<AccessRecord>;

void put(Ring& ring, std::uint32_t count, std::string_view model = "m") {
  for (std::uint32_t i = 0; i < count; ++i) {
    AccessRecord* slot = ring.claim();
    ASSERT_NE(slot, nullptr);
    *slot = {};
    slot->model.assign(model);
  }
  ring.publish();
}

struct Log {
  explicit Log(const std::string& path, std::uint32_t capacity = 1024) : log(path, control::AccessFormat::text) {
    for (Ring& ring : rings) {
      ring.open(capacity);
      log.add(ring);
    }
  }
  std::array<Ring, 2> rings;
  AccessLog log;
};

TEST(AccessLog, RecordsOfEveryShardReachTheFile) {
  const Directory directory;
  Log log(directory.file("log"));
  ASSERT_TRUE(log.log.start().has_value());
  put(log.rings[0], 3);
  put(log.rings[1], 2);
  EXPECT_TRUE(until([&] { return lines(directory.file("log")) == 5; }));
  EXPECT_NE(content(directory.file("log")).find("Z 1 "), std::string::npos) << "a line of shard 1";
  EXPECT_TRUE(until([&] { return log.log.counters().written.value() == 5; }));
}

TEST(AccessLog, StopWritesWhatIsLeft) {
  const Directory directory;
  Log log(directory.file("log"), 4096);
  ASSERT_TRUE(log.log.start().has_value());
  put(log.rings[0], 4000);
  put(log.rings[1], 1);
  log.log.stop();
  EXPECT_EQ(lines(directory.file("log")), 4001U);
  EXPECT_EQ(log.log.counters().lost.value(), 0U);
  log.log.stop();
}

TEST(AccessLog, AfterARotationANewFileIsWritten) {
  const Directory directory;
  const std::string path = directory.file("log");
  Log log(path);
  ASSERT_TRUE(log.log.start().has_value());
  put(log.rings[0], 1, "before");
  EXPECT_TRUE(until([&] { return lines(path) == 1; }));
  fs::rename(path, directory.file("log.1"));
  put(log.rings[0], 1, "between");
  EXPECT_TRUE(until([&] { return lines(directory.file("log.1")) == 2; })) << "the old file until it is told";
  log.log.reopen();
  EXPECT_TRUE(until([&] { return fs::exists(path); }));
  put(log.rings[0], 1, "after");
  EXPECT_TRUE(until([&] { return lines(path) == 1; }));
  EXPECT_NE(content(path).find(" after "), std::string::npos);
  EXPECT_EQ(log.log.counters().reopens.value(), 1U);
  EXPECT_EQ(log.log.counters().errors.value(), 0U);
}

TEST(AccessLog, ARotationThatCannotBeMadeGoesOnInTheOldFile) {
  const Directory directory;
  fs::create_directory(directory.file("a"));
  Log log(directory.file("a/log"));
  ASSERT_TRUE(log.log.start().has_value());
  fs::rename(directory.file("a"), directory.file("b"));
  log.log.reopen();
  EXPECT_TRUE(until([&] { return log.log.counters().errors.value() > 0; }));
  put(log.rings[0], 2);
  EXPECT_TRUE(until([&] { return lines(directory.file("b/log")) == 2; }));
  fs::create_directory(directory.file("a"));
  EXPECT_TRUE(until([&] { return fs::exists(directory.file("a/log")); })) << "tried again without another signal";
  put(log.rings[0], 1);
  EXPECT_TRUE(until([&] { return lines(directory.file("a/log")) == 1; }));
  log.log.stop();
  EXPECT_EQ(log.log.counters().written.value(), 3U);
}

TEST(AccessLog, WhenItsDirectoryIsRemovedRecordsWaitForAnother) {
  const Directory directory;
  fs::create_directory(directory.file("a"));
  Log log(directory.file("a/log"), 8);
  ASSERT_TRUE(log.log.start().has_value());
  fs::remove_all(directory.file("a"));
  EXPECT_TRUE(until([&] { return log.log.counters().errors.value() > 0; }));
  put(log.rings[0], 8);
  EXPECT_EQ(log.rings[0].claim(), nullptr) << "held in the ring, and what does not fit is counted";
  EXPECT_EQ(log.rings[0].dropped().value(), 1U);
  fs::create_directory(directory.file("a"));
  EXPECT_TRUE(until([&] { return fs::exists(directory.file("a/log")) && lines(directory.file("a/log")) == 8; }));
}

TEST(AccessLog, AFullDiskIsCountedAndEndsNothing) {
  Log log("/dev/full");
  ASSERT_TRUE(log.log.start().has_value());
  put(log.rings[0], 2);
  EXPECT_TRUE(until([&] { return log.log.counters().errors.value() > 1; })) << "tried again";
  put(log.rings[1], 3);
  log.log.stop();
  EXPECT_EQ(log.log.counters().written.value(), 0U);
  EXPECT_EQ(log.log.counters().lost.value(), 5U);
}

TEST(AccessLog, AReaderThatStopsReadingDoesNotHoldUpTheEnd) {
  const Directory directory;
  const std::string path = directory.file("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  Log log(path, 4096);
  ASSERT_TRUE(log.log.start().has_value());
  put(log.rings[0], 4096);  // more than a pipe holds
  EXPECT_TRUE(until([&] { return log.log.counters().errors.value() > 0; }));
  const auto begin = std::chrono::steady_clock::now();
  log.log.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_GT(log.log.counters().written.value(), 0U);
  EXPECT_EQ(log.log.counters().written.value() + log.log.counters().lost.value(), 4096U);
  ::close(reader);
}

// A file may end in the middle of a line; another one never begins there.
TEST(AccessLog, ANewFileNeverBeginsInTheMiddleOfALine) {
  const Directory directory;
  const std::string path = directory.file("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  ASSERT_GT(::fcntl(reader, F_SETPIPE_SZ, 4096), 0);
  Log log(path, 1024);
  ASSERT_TRUE(log.log.start().has_value());
  put(log.rings[0], 1000, "some-model");
  EXPECT_TRUE(until([&] { return log.log.counters().errors.value() > 0; }));
  fs::remove(path);
  log.log.reopen();
  EXPECT_TRUE(until([&] { return log.log.counters().reopens.value() > 0; }));
  log.log.stop();
  std::string old(8192, '\0');
  const ssize_t got = ::read(reader, old.data(), old.size());
  ASSERT_GT(got, 0);
  const auto whole = static_cast<std::size_t>(std::count(old.data(), old.data() + got, '\n'));
  EXPECT_TRUE(content(path).starts_with("20")) << "a year: " << content(path).substr(0, 80);
  const std::size_t torn = old[static_cast<std::size_t>(got) - 1] == '\n' ? 0 : 1;
  EXPECT_EQ(log.log.counters().lost.value(), torn);
  EXPECT_EQ(whole + lines(path) + torn, 1000U);
  ::close(reader);
}

TEST(AccessLog, APathThatCannotBeOpenedIsOneLine) {
  AccessLog log("/nowhere/at/all", control::AccessFormat::json);
  const auto started = log.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error(), "cannot open /nowhere/at/all: No such file or directory");
}

TEST(AccessLog, NoSymbolicLinkIsFollowed) {
  const Directory directory;
  const std::string path = directory.file("link");
  fs::create_symlink("other", path);
  AccessLog log(path, control::AccessFormat::json);
  const auto started = log.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error(), "cannot open " + path + ": it is a symbolic link, and none is followed");
  EXPECT_FALSE(fs::exists(directory.file("other")));
}

}  // namespace
}  // namespace wp::daemon
