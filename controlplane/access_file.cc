#include "controlplane/access_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wp::control {
namespace {

constexpr std::string_view kStandardOutput = "-";
constexpr const char* kLink = "it is a symbolic link, and none is followed";

std::unexpected<std::string> failed(const std::string& what, int error) {
  return std::unexpected(what + ": " + (error == ELOOP ? kLink : std::strerror(error)));
}

}  // namespace

AccessFile::~AccessFile() {
  if (fd_ > STDERR_FILENO) ::close(fd_);
}

AccessFile::Outcome AccessFile::open() {
  if (path_ == kStandardOutput) {
    fd_ = STDOUT_FILENO;
    return {};
  }
  // Not to wait for the reader of a FIFO, neither here nor when it is slow. A link in a folder of the user that the
  // daemon becomes could lead root anywhere.
  const int fresh = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0640);
  if (fresh < 0) return failed("cannot open " + path_, errno);
  if (fd_ >= 0) ::close(fd_);
  fd_ = fresh;
  mid_line_ = false;
  return {};
}

AccessFile::Outcome AccessFile::write(std::string& text, Duration patience) {
  // Standard output may be a pipe that others share, so that it cannot be made non-blocking: no more than a pipe that
  // is ready takes at once (pipe(7)).
  constexpr std::size_t kAtOnce = 4096;
  std::size_t done = 0;
  Outcome outcome;
  while (done < text.size()) {
    pollfd ready{fd_, POLLOUT, 0};
    const int polled = ::poll(&ready, 1, static_cast<int>(patience.millis()));
    if (polled == 0) {
      outcome = std::unexpected(path_ + " takes nothing");
      break;
    }
    const std::size_t chunk = fd_ == STDOUT_FILENO ? std::min(kAtOnce, text.size() - done) : text.size() - done;
    const ssize_t written = polled < 0 ? -1 : ::write(fd_, text.data() + done, chunk);
    if (written > 0) {
      done += static_cast<std::size_t>(written);
    } else if (written == 0 || (errno != EINTR && errno != EAGAIN)) {
      outcome = failed("cannot write " + path_, written == 0 ? EIO : errno);
      break;
    }
  }
  if (done > 0) mid_line_ = text[done - 1] != '\n';
  text.erase(0, done);
  return outcome;
}

bool AccessFile::named() const {
  if (fd_ == STDOUT_FILENO) return true;
  struct stat about{};
  return ::fstat(fd_, &about) == 0 && about.st_nlink > 0;
}

}  // namespace wp::control
