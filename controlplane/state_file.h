// Where run-time changes are kept over a restart. A file of one daemon: a second one that is given the same is refused.
// Written by StateWriter's thread, never by a shard; a reader sees the old state or the new one, whenever it looks and
// whatever is cut off.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "controlplane/overlay.h"

namespace wp::control {

inline constexpr const char* kStateDirectory = "/var/lib/warmpath";

// The file of a daemon that was given none: in kStateDirectory when that can be written to, else empty.
[[nodiscard]] std::string default_state_file();

class StateFile {
 public:
  // Takes the file, which need not be there, for this process. The error is one clear line.
  [[nodiscard]] static std::expected<std::unique_ptr<StateFile>, std::string> open(std::string path);
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;
  ~StateFile();

  struct Kept {
    Changes changes;
    std::string trouble;  // one line: the file could not be understood and was set aside; empty when all is well
  };
  [[nodiscard]] Kept read() const;

  // On disk when it returns: temporary file, fsync, rename, fsync of the directory. The error is one clear line; the
  // file is then as it was.
  [[nodiscard]] std::expected<void, std::string> write(const Changes& changes) const;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  StateFile(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  [[nodiscard]] std::string set_aside() const;

  std::string path_;
  int lock_;  // descriptor of PATH.lock, locked as long as it is open (flock(2))
};

}  // namespace wp::control
