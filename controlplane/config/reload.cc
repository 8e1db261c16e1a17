#include "controlplane/config/reload.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "controlplane/config/read.h"
#include "controlplane/log.h"

namespace wp::control {
namespace {

std::int64_t seconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

ReloadReport failed(ReloadResult result, std::vector<std::string> problems) {
  return {result, {}, std::move(problems)};
}

void tell(const std::string& file, const ReloadReport& report) {
  if (report.result == ReloadResult::unchanged) return log::info("configuration " + file + " has not changed");
  if (report.result == ReloadResult::applied) {
    const std::size_t count = report.changes.size();
    log::info("configuration " + file + " reloaded: " + std::to_string(count) + (count == 1 ? " change" : " changes"));
    for (const SettingsChange& change : report.changes) log::info("  " + to_string(change));
    return;
  }
  for (const std::string& problem : report.problems) log::error("configuration not reloaded: " + problem);
}

}  // namespace

std::string_view word(ReloadResult result) {
  switch (result) {
    case ReloadResult::applied: return "applied";
    case ReloadResult::unchanged: return "unchanged";
    case ReloadResult::invalid: return "invalid";
    case ReloadResult::needs_restart: return "needs_restart";
    case ReloadResult::refused: return "refused";
    case ReloadResult::no_file: return "no_file";
  }
  return "?";
}

Reloader::Reloader(std::string file, Settings loaded, Fleet& fleet)
    : file_(std::move(file)), settings_(std::move(loaded)), fleet_(fleet), last_good_(seconds_since_1970()) {}

// What the file says that the settings do not; `read` is set where there is something to apply.
ReloadReport Reloader::look(std::optional<Settings>& read) const {
  if (file_.empty()) return failed(ReloadResult::no_file, {"the daemon was started without a file: nothing to reload"});
  auto loaded = load_settings(file_);
  if (!loaded) return failed(ReloadResult::invalid, std::move(loaded.error()));
  std::vector<SettingsChange> changes = diff_settings(settings_, *loaded);
  if (changes.empty()) return {ReloadResult::unchanged, {}, {}};
  std::string fixed;
  for (const SettingsChange& change : changes) {
    if (change.apply == Apply::restart) fixed += (fixed.empty() ? "" : ", ") + change.key;
  }
  if (!fixed.empty()) {
    return {ReloadResult::needs_restart, std::move(changes), {file_ + ": a restart is needed to change " + fixed}};
  }
  read = std::move(*loaded);
  return {ReloadResult::applied, std::move(changes), {}};
}

ReloadReport Reloader::try_reload() {
  std::optional<Settings> read;
  ReloadReport report = look(read);
  if (!read) return report;
  if (const FleetResult applied = fleet_.reconfigure(*read); !applied) {
    return failed(ReloadResult::refused, {file_ + ": " + applied.error().text});
  }
  settings_ = std::move(*read);
  return report;
}

ReloadReport Reloader::reload() {
  ReloadReport report = try_reload();
  ++counts_[static_cast<std::size_t>(report.result)];
  if (is_good(report.result)) last_good_ = seconds_since_1970();
  tell(file_, report);
  last_ = report;
  return report;
}

ReloadReport Reloader::preview() const {
  std::optional<Settings> unused;
  return look(unused);
}

std::int64_t Reloader::age_seconds() const {
  return std::max<std::int64_t>(0, seconds_since_1970() - last_good_);
}

std::expected<std::vector<SettingsChange>, std::vector<std::string>> Reloader::compare(std::string_view text) const {
  const auto read = read_settings(text);
  if (read) return diff_settings(settings_, *read);
  std::vector<std::string> lines;
  for (const ConfigError& error : read.error()) {
    lines.push_back((error.line == 0 ? "" : "line " + std::to_string(error.line) + ": ") + error.message);
  }
  return std::unexpected(std::move(lines));
}

void Reloader::write(MetricText& out) const {
  constexpr std::string_view kName = "warmpath_config_reloads_total";
  out.family(kName, "Reloads of the configuration file by what they came to.", MetricKind::counter);
  for (const ReloadResult result : kReloadResults) {
    out.sample(kName, label("result", word(result)), counts_[static_cast<std::size_t>(result)]);
  }
  out.single("warmpath_config_last_good_seconds", "When the configuration was last loaded, since 1970.",
             MetricKind::gauge, static_cast<std::uint64_t>(last_good_));
}

}  // namespace wp::control
