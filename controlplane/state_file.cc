#include "controlplane/state_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/overlay_text.h"

namespace wp::control {
namespace {

constexpr mode_t kFileMode = S_IRUSR | S_IWUSR | S_IRGRP;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] bool good() const { return fd_ >= 0; }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// What the last call failed of. Links are not followed: one in a folder of the user that the daemon becomes could lead
// root anywhere.
const char* why() {
  return errno == ELOOP ? "it is a symbolic link, and none is followed" : std::strerror(errno);
}

std::unexpected<std::string> failed(const std::string& what) {
  return std::unexpected(what + ": " + why());
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

bool read_all(int fd, std::string& text) {
  char piece[4096];
  for (;;) {
    const ssize_t got = ::read(fd, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    text.append(piece, static_cast<std::size_t>(got));
  }
}

std::string directory_of(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

}  // namespace

std::string default_state_file() {
  return ::access(kStateDirectory, W_OK | X_OK) == 0 ? std::string(kStateDirectory) + "/state.json" : "";
}

std::expected<std::unique_ptr<StateFile>, std::string> StateFile::open(std::string path) {
  const std::string lock_path = path + ".lock";
  Descriptor lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!lock.good()) return failed("cannot open " + lock_path);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::unexpected("another warmpathd keeps its state in " + path);
    return failed("cannot lock " + lock_path);
  }
  return std::unique_ptr<StateFile>(new StateFile(std::move(path), lock.release()));
}

StateFile::~StateFile() {
  ::close(lock_);
}

// Under the first name that is free: what an operator may want to look at is never overwritten.
std::string StateFile::set_aside() const {
  constexpr int kMostKept = 100;
  for (int number = 1; number <= kMostKept; ++number) {
    const std::string aside = path_ + ".broken-" + std::to_string(number);
    if (::access(aside.c_str(), F_OK) == 0) continue;
    if (std::rename(path_.c_str(), aside.c_str()) == 0) return "it is kept as " + aside;
    return std::string("it cannot be set aside: ") + std::strerror(errno);
  }
  return "it stays where it is, with " + std::to_string(kMostKept) + " others set aside already";
}

StateFile::Kept StateFile::read() const {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.good() && errno == ENOENT) return {};
  std::string text;
  if (!file.good() || !read_all(file.get(), text)) {
    const std::string reason = why();
    return {{}, "run-time changes are lost: cannot read " + path_ + " (" + reason + "); " + set_aside()};
  }
  auto changes = read_state(text);
  if (changes) return {std::move(*changes), {}};
  return {{},
          "run-time changes are lost: " + path_ + " cannot be understood (" + changes.error() + "); " + set_aside()};
}

std::expected<void, std::string> StateFile::write(const Changes& changes) const {
  const std::string temporary = path_ + ".new";
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kFileMode));
    if (!file.good() || !write_all(file.get(), state_text(changes)) || ::fsync(file.get()) != 0) {
      return failed("cannot write " + temporary);
    }
  }
  if (std::rename(temporary.c_str(), path_.c_str()) != 0) return failed("cannot replace " + path_);
  const std::string directory = directory_of(path_);
  const Descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.good() || ::fsync(folder.get()) != 0) return failed("cannot sync " + directory);
  return {};
}

}  // namespace wp::control
