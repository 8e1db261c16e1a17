// Settings as text: a file that reads back as the same settings, and the differences between two.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/key.h"
#include "controlplane/config/settings.h"

namespace wp::control {

// Every key with its value, those that have their defaults among them.
[[nodiscard]] std::string write_settings(const Settings& settings);

// One value that differs. Members of lists are named by what they are, not by their places:
// "pool.chat.replica.gpu-1:8000.weight", "route.llama-*.pool". Of members that come or go, what
// they are known by and what is not as by default.
struct SettingsChange {
  std::string key;
  std::string old_value;  // as TOML; empty: it was not there
  std::string new_value;  // empty: it is gone
  Apply apply = Apply::reload;

  friend bool operator==(const SettingsChange&, const SettingsChange&) = default;
};

// What a reload from `from` to `to` changes, in the order of the table of keys.
[[nodiscard]] std::vector<SettingsChange> diff_settings(const Settings& from, const Settings& to);

// "key: old -> new", and whether that needs a restart.
[[nodiscard]] std::string to_string(const SettingsChange& change);

}  // namespace wp::control
