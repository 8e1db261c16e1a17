#include "controlplane/process_figures.h"

#include <cstdint>
#include <fstream>
#include <memory>

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

namespace wp::control {
namespace {

// Entries of /proc/self/fd, without the one that reading it takes.
bool open_descriptors(std::uint64_t& count) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), ::closedir);
  if (!directory) return false;
  count = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  --count;
  return true;
}

// proc(5): /proc/self/statm, second field, in pages.
bool resident_bytes(std::uint64_t& bytes) {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(statm >> size >> resident)) return false;
  bytes = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return true;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

void write_process_figures(MetricText& out) {
  std::uint64_t value = 0;
  if (open_descriptors(value)) {
    out.single("process_open_fds", "Open file descriptors.", MetricKind::gauge, value);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    out.single("process_max_fds", "Most file descriptors that may be open.", MetricKind::gauge, limit.rlim_cur);
  }
  if (resident_bytes(value)) {
    out.single("process_resident_memory_bytes", "Resident memory.", MetricKind::gauge, value);
  }
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    out.family("process_cpu_seconds_total", "User and system CPU time.", MetricKind::counter);
    out.sample("process_cpu_seconds_total", {}, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
  }
}

}  // namespace wp::control
