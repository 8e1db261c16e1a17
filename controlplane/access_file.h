// Where the lines of the access log go: a file that may be rotated, removed, full or gone with its directory, or
// standard output. Nothing here waits longer than it is told to.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "dataplane/base/time.h"

namespace wp::control {

// One thread's. Errors are one clear line.
class AccessFile {
 public:
  using Outcome = std::expected<void, std::string>;

  // "-" is standard output.
  explicit AccessFile(std::string path) : path_(std::move(path)) {}
  AccessFile(const AccessFile&) = delete;
  AccessFile& operator=(const AccessFile&) = delete;
  ~AccessFile();

  // Opens the path anew, making the file if it is not there. When that fails the one that was open, if any, stays.
  [[nodiscard]] Outcome open();

  // Writes as much of `text` as is taken, piece by piece, each within `patience`, and removes that from its front. An
  // error leaves the rest in place, so that a later call goes on in the middle of the line where this one stopped.
  [[nodiscard]] Outcome write(std::string& text, Duration patience);

  // Whether the file that is open still has a name.
  [[nodiscard]] bool named() const;
  // Whether what was written last is the beginning of a line.
  [[nodiscard]] bool mid_line() const { return mid_line_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int fd_ = -1;
  bool mid_line_ = false;
};

}  // namespace wp::control
