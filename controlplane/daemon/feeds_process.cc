#include "controlplane/daemon/feeds_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controlplane/clock.h"
#include "controlplane/duration_text.h"
#include "controlplane/log.h"

namespace wp::daemon {
namespace {

namespace log = control::log;

// Where the child finds its end; everything above is closed.
constexpr int kChildSocket = 3;
constexpr Duration kFirstPause = millis(100);
constexpr Duration kLongestPause = seconds(30);
// One that lived so long ended for another reason than the one before.
constexpr Duration kHealthyLife = seconds(60);
constexpr int kEndMillis = 200;

std::unexpected<std::string> failed(const std::string& what, int error) {
  return std::unexpected(what + ": " + std::strerror(error));
}

std::string how_it_ended(const siginfo_t& about) {
  if (about.si_code == CLD_EXITED) return "with status " + std::to_string(about.si_status);
  return "by signal " + std::to_string(about.si_status);
}

// What a child is given to begin with.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  // Signals as a new program has them, none of those that a terminal sends us, the socket, our output, and no other
  // file of ours.
  [[nodiscard]] int fill(int socket) {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    int error = ::posix_spawnattr_setsigmask(&attributes_, &none);
    if (error == 0) error = ::posix_spawnattr_setsigdefault(&attributes_, &all);
    if (error == 0) error = ::posix_spawnattr_setpgroup(&attributes_, 0);
    constexpr short kSet = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
    if (error == 0) error = ::posix_spawnattr_setflags(&attributes_, kSet);
    if (error == 0) error = ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions_, socket, kChildSocket);
    if (error == 0) error = ::posix_spawn_file_actions_addclosefrom_np(&actions_, kChildSocket + 1);
    return error;
  }

  [[nodiscard]] int spawn(pid_t& pid, const char* program, char* const* arguments) {
    return ::posix_spawn(&pid, program, &actions_, &attributes_, arguments, environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

std::string feeds_program(const std::string& named) {
  if (!named.empty()) return named;
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  return (own.parent_path() / "warmpath-feeds").string();
}

FeedsProcess::FeedsProcess(boost::asio::io_context& io, std::string program, Duration interval, Serve serve)
    : io_(io),
      program_(std::move(program)),
      interval_(interval),
      serve_(std::move(serve)),
      process_(io),
      timer_(io),
      pause_(kFirstPause) {}

std::expected<void, std::string> FeedsProcess::start() {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return failed("socketpair", errno);
  auto running = run(pair[1]);
  ::close(pair[1]);
  if (!running) {
    ::close(pair[0]);
    return running;
  }
  serve_(pair[0]);
  log::info("warmpath-feeds is process " + std::to_string(pid_));
  return {};
}

std::expected<void, std::string> FeedsProcess::run(int socket) {
  std::string descriptor = std::to_string(kChildSocket);
  std::string interval = std::to_string(interval_.millis());
  // A page that takes longer than that is late for the next round.
  std::string timeout = std::to_string(std::clamp<std::int64_t>(interval_.millis() / 2, 10, 5'000));
  std::array<std::string, 7> words = {program_, "--descriptor", descriptor, "--interval-ms",
                                      interval, "--timeout-ms", timeout};
  std::array<char*, words.size() + 1> arguments{};
  std::ranges::transform(words, arguments.begin(), [](std::string& word) { return word.data(); });
  SpawnPlan plan;
  int error = plan.fill(socket);
  if (error == 0) error = plan.spawn(pid_, program_.c_str(), arguments.data());
  if (error != 0) {
    pid_ = 0;
    return failed("cannot run " + program_, error);
  }
  began_ = control::monotonic_now();
  counters_.starts.add();
  counters_.running.set(1);
  const auto handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (handle < 0) {
    const int why = errno;
    stop();
    return failed("pidfd_open", why);
  }
  process_.assign(handle);
  watch();
  return {};
}

void FeedsProcess::watch() {
  process_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) ended();
  });
}

void FeedsProcess::ended() {
  siginfo_t about{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &about, WEXITED);
  process_.close();
  pid_ = 0;
  counters_.running.set(0);
  if (control::monotonic_now() - began_ >= kHealthyLife) pause_ = kFirstPause;
  log::warn("warmpath-feeds ended " + how_it_ended(about) + "; it is started again in " + control::to_string(pause_));
  start_later();
}

void FeedsProcess::start_later() {
  timer_.expires_after(std::chrono::nanoseconds(pause_.ns));
  pause_ = std::min(pause_ * 2, kLongestPause);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const auto started = start();
    if (started) return;
    log::error("feeds: " + started.error());
    start_later();
  });
}

void FeedsProcess::stop() {
  timer_.cancel();
  if (pid_ == 0) return;
  ::kill(pid_, SIGTERM);
  if (process_.is_open()) {
    pollfd ending{.fd = process_.native_handle(), .events = POLLIN, .revents = 0};
    if (::poll(&ending, 1, kEndMillis) != 1) ::kill(pid_, SIGKILL);
    process_.close();
  } else {
    ::kill(pid_, SIGKILL);
  }
  siginfo_t about{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &about, WEXITED);
  pid_ = 0;
  counters_.running.set(0);
}

void FeedsCounters::write(control::MetricText& out) const {
  out.single("warmpath_feeds_running", "1 while warmpath-feeds runs, where feeds.run says that it should.",
             MetricKind::gauge, running.value());
  out.single("warmpath_feeds_starts_total", "Times that warmpath-feeds was started.", MetricKind::counter,
             starts.value());
}

}  // namespace wp::daemon
