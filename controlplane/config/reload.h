// Reads the configuration file again and applies what changed in it, all of it or nothing.
//
// What was changed at run time through the admin API lies over the file (overlay.h) and stays there: a reload changes
// what is below it.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/settings.h"
#include "controlplane/config/write.h"
#include "controlplane/fleet.h"
#include "controlplane/metric_text.h"

namespace wp::control {

enum class ReloadResult : std::uint8_t {
  applied,
  unchanged,      // the file says what it said
  invalid,        // it has errors
  needs_restart,  // it changes what is fixed at the start
  refused,        // it does not fit what was changed at run time, or there is no room
  no_file,        // the settings came from the command line
};

inline constexpr std::array kReloadResults = {ReloadResult::applied, ReloadResult::unchanged,
                                              ReloadResult::invalid, ReloadResult::needs_restart,
                                              ReloadResult::refused, ReloadResult::no_file};

// Of the counter's label and the admin API.
[[nodiscard]] std::string_view word(ReloadResult result);
[[nodiscard]] constexpr bool is_good(ReloadResult result) {
  return result == ReloadResult::applied || result == ReloadResult::unchanged;
}

struct ReloadReport {
  ReloadResult result = ReloadResult::applied;
  std::vector<SettingsChange> changes;  // those that were applied, or that a restart is needed for
  std::vector<std::string> problems;    // one line each; empty when it is good
};

// Control thread only; the fleet outlives it.
class Reloader {
 public:
  // `file`: empty when the settings came from the command line. `loaded`: what was read at the start.
  Reloader(std::string file, Settings loaded, Fleet& fleet);

  // Also says in the log what it did. Errors of the file have its name and their lines.
  [[nodiscard]] ReloadReport reload();

  // What reload() would come to by the file as it is now, with its changes also where a restart is needed for them.
  [[nodiscard]] ReloadReport preview() const;
  // What a reload to this text would change, or its errors as "line N: message".
  [[nodiscard]] std::expected<std::vector<SettingsChange>, std::vector<std::string>> compare(
      std::string_view text) const;

  [[nodiscard]] const std::string& file() const { return file_; }
  // Those of the last good load.
  [[nodiscard]] const Settings& settings() const { return settings_; }
  // What the last reload came to; nothing before the first.
  [[nodiscard]] const std::optional<ReloadReport>& last() const { return last_; }
  // Since the last good load.
  [[nodiscard]] std::int64_t age_seconds() const;

  void write(MetricText& out) const;

 private:
  [[nodiscard]] ReloadReport look(std::optional<Settings>& read) const;
  [[nodiscard]] ReloadReport try_reload();

  std::string file_;
  Settings settings_;
  Fleet& fleet_;
  std::array<std::uint64_t, kReloadResults.size()> counts_{};
  std::int64_t last_good_ = 0;  // seconds since 1970
  std::optional<ReloadReport> last_;
};

}  // namespace wp::control
