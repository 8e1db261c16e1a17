#include "controlplane/daemon/notify.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace wp::daemon {
namespace {

// The service manager's end, and the environment that it gives.
class Manager {
 public:
  explicit Manager(std::string name) : name_(std::move(name)) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    name_.copy(at.sun_path, sizeof at.sun_path - 1);
    if (name_.front() == '@') at.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), length), 0) << name_;
    ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() {
    ::close(fd_);
    if (name_.front() == '/') std::filesystem::remove(name_);
    for (const char* variable : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(variable);
  }

  // The next datagram; empty when there is none.
  std::string next() {
    std::array<char, 512> room{};
    const ssize_t got = ::recv(fd_, room.data(), room.size(), 0);
    return {room.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }

  static std::string path(const char* what) {
    return (std::filesystem::temp_directory_path() / ("warmpath-notify-" + std::to_string(::getpid()) + what)).string();
  }

 private:
  std::string name_;
  int fd_ = -1;
};

TEST(Notifier, WithoutAManagerNothingIsSent) {
  ::unsetenv("NOTIFY_SOCKET");
  Notifier notifier;
  ASSERT_TRUE(notifier.open().has_value());
  EXPECT_FALSE(notifier.wanted());
  EXPECT_EQ(notifier.watchdog(), Duration{});
  notifier.ready("nobody hears it");
  notifier.alive();
}

TEST(Notifier, TellsTheLifeOfAService) {
  Manager manager(Manager::path("life"));
  ::setenv("WATCHDOG_USEC", "6000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  Notifier notifier;
  ASSERT_TRUE(notifier.open().has_value());
  EXPECT_TRUE(notifier.wanted());
  EXPECT_EQ(notifier.watchdog(), seconds(6));
  notifier.ready("2 replicas");
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=2 replicas\n");
  notifier.status("2 replicas");
  EXPECT_EQ(manager.next(), "") << "no news";
  notifier.status("1 replica");
  EXPECT_EQ(manager.next(), "STATUS=1 replica\n");
  notifier.alive();
  EXPECT_EQ(manager.next(), "WATCHDOG=1\n");
  notifier.reloading(Instant{} + seconds(3) + nanos(1500));
  EXPECT_EQ(manager.next(), "RELOADING=1\nMONOTONIC_USEC=3000001\n");
  notifier.stopping("draining");
  EXPECT_EQ(manager.next(), "STOPPING=1\nSTATUS=draining\n");
}

TEST(Notifier, AnAbstractNameIsFound) {
  Manager manager("@warmpath-notify-" + std::to_string(::getpid()));
  Notifier notifier;
  ASSERT_TRUE(notifier.open().has_value());
  notifier.ready("here");
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=here\n");
  notifier.alive();
  EXPECT_EQ(manager.next(), "") << "nobody watches";
}

TEST(Notifier, AnotherProcesssWatchdogIsNotOurs) {
  Manager manager(Manager::path("other"));
  ::setenv("WATCHDOG_USEC", "6000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  Notifier notifier;
  ASSERT_TRUE(notifier.open().has_value());
  EXPECT_EQ(notifier.watchdog(), Duration{});
}

TEST(Notifier, AnAddressOfAnotherKindIsOneLine) {
  for (const std::string& name : {std::string("vsock:2:1234"), std::string("x"), "/" + std::string(200, 'a')}) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    Notifier notifier;
    const auto opened = notifier.open();
    ASSERT_FALSE(opened.has_value()) << name;
    EXPECT_NE(opened.error().find("is neither a path nor an abstract name"), std::string::npos);
  }
  ::unsetenv("NOTIFY_SOCKET");
}

TEST(Notifier, AVanishedManagerIsNoError) {
  const std::string path = Manager::path("gone");
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  Notifier notifier;
  ASSERT_TRUE(notifier.open().has_value());
  notifier.ready("into the void");
  ::unsetenv("NOTIFY_SOCKET");
}

TEST(Notifier, AShardThatDoesNotTurnEndsTheSignsOfLife) {
  Manager manager(Manager::path("beat"));
  ::setenv("WATCHDOG_USEC", "6000000", 1);
  Notifier notifier;
  ASSERT_TRUE(notifier.open().has_value());
  shard::ShardMailbox turning;
  shard::ShardMailbox stuck;
  control::ShardWatch watch;
  watch.add(turning, [&turning] { turning.turns.add(); });
  watch.add(stuck, [] {});
  for (std::uint32_t tick = 1; tick < control::ShardWatch::kStalledTicks; ++tick) {
    watch.tick();
    beat(watch, notifier);
    EXPECT_EQ(manager.next(), "WATCHDOG=1\n") << tick;
  }
  watch.tick();
  beat(watch, notifier);
  EXPECT_EQ(manager.next(), "");
  stuck.turns.add();
  watch.tick();
  beat(watch, notifier);
  EXPECT_EQ(manager.next(), "WATCHDOG=1\n") << "it turns again";
}

}  // namespace
}  // namespace wp::daemon
