// The core-less postmortem: when an assertion fails or a fatal signal comes, the last events of every shard, the
// registers and the return addresses go to a file, and the process dies as it would have.
//
// One a process, because signal handlers are.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "dataplane/base/flight_recorder.h"

namespace wp::daemon {

class Postmortem {
 public:
  // Where state lives when an operator's machine is set up as the unit file sets it up.
  static constexpr std::string_view kUsualDirectory = "/var/lib/warmpath";

  // Takes `directory`, which must be writable, or when it is empty the usual one, or the working directory where that
  // cannot be written. The error is one clear line.
  [[nodiscard]] static std::expected<std::string, std::string> choose_directory(const std::string& directory);

  // From now on fatal signals write a file into `directory` before they end the process. Threads that are to be heard
  // hold a control::ThreadSignals.
  Postmortem(const std::string& directory, std::string_view version);
  Postmortem(const Postmortem&) = delete;
  Postmortem& operator=(const Postmortem&) = delete;
  // As it was before.
  ~Postmortem();

  // The recorder of the next shard, which outlives this object.
  void add(const FlightRecorder& recorder);

  // Writes a file though nothing is wrong, up to kMostDumps in the life of the process. The path, or one clear line.
  [[nodiscard]] std::expected<std::string, std::string> dump();
  static constexpr std::uint32_t kMostDumps = 16;

 private:
  std::uint32_t dumps_ = 0;
};

}  // namespace wp::daemon
