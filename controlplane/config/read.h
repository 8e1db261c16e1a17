// The text of a configuration file read into Settings, or everything that is wrong with it.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/config_error.h"
#include "controlplane/config/settings.h"

namespace wp::control {

inline constexpr std::size_t kMaxConfigBytes = 4U << 20U;
// Read by a daemon that was told nothing else.
inline constexpr const char* kDefaultConfigFile = "/etc/warmpath/warmpath.toml";

// What a file does not say has its default. The errors are in the order of their lines, never none; but a text that is
// not TOML, such as one that gives a key twice, has one only, because nothing behind it can be understood.
[[nodiscard]] std::expected<Settings, std::vector<ConfigError>> read_settings(std::string_view text);

// The same of a file, as lines "FILE:LINE: message".
[[nodiscard]] std::expected<Settings, std::vector<std::string>> load_settings(const std::string& file);

}  // namespace wp::control
