#include "controlplane/process_figures.h"

#include <charconv>
#include <fstream>
#include <memory>
#include <string>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

namespace wp::control {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

// Entries of /proc/self/fd, without the one that reading it takes.
std::optional<std::uint64_t> open_files() {
  // Not opendir(): the thread sanitizer sees its closedir() only, and not the closes that io_uring does, and so takes
  // the number of a connection that a shard had for a race.
  const int fd = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return {};
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd), ::closedir);
  if (!directory) {
    ::close(fd);
    return {};
  }
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count - 1;
}

// proc(5): /proc/self/statm, second field, in pages.
std::optional<std::uint64_t> resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(statm >> size >> resident)) return {};
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// proc(5): /proc/self/stat, field 22, in clock ticks since the machine began, suspended time included. The second field
// is the program's name in parentheses, which may itself hold spaces and parentheses.
Duration process_uptime() {
  std::ifstream stat("/proc/self/stat");
  std::string text;
  std::getline(stat, text);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::size_t at = name_end + 1;
  constexpr int kSteps = 19;  // from before the third to before the twenty-second
  for (int step = 0; step < kSteps && at != std::string::npos; ++step) at = text.find(' ', at + 1);
  timespec now{};
  if (at == std::string::npos || ::clock_gettime(CLOCK_BOOTTIME, &now) != 0) return {};
  std::int64_t ticks = 0;
  std::from_chars(text.data() + at + 1, text.data() + text.size(), ticks);
  const std::int64_t a_second = ::sysconf(_SC_CLK_TCK);
  const Duration began = millis(ticks * 1000 / a_second);
  return seconds(now.tv_sec) + nanos(now.tv_nsec) - began;
}

void write_process_figures(MetricText& out) {
  if (const auto files = open_files()) {
    out.single("process_open_fds", "Open file descriptors.", MetricKind::gauge, *files);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    out.single("process_max_fds", "Most file descriptors that may be open.", MetricKind::gauge, limit.rlim_cur);
  }
  if (const auto bytes = resident_bytes()) {
    out.single("process_resident_memory_bytes", "Resident memory.", MetricKind::gauge, *bytes);
  }
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    out.family("process_cpu_seconds_total", "User and system CPU time.", MetricKind::counter);
    out.sample("process_cpu_seconds_total", {}, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
  }
}

}  // namespace wp::control
