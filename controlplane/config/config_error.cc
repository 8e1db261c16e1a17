#include "controlplane/config/config_error.h"

namespace wp::control {

std::string to_string(const ConfigError& error, const std::string& file) {
  return file + ":" + (error.line == 0 ? "" : std::to_string(error.line) + ":") + " " + error.message;
}

std::uint32_t ConfigLines::of(std::string path) const {
  while (!path.empty()) {
    if (const auto found = lines_.find(path); found != lines_.end()) return found->second;
    const std::size_t end = path.find_last_of(".[");
    path.resize(end == std::string::npos ? 0 : end);
  }
  return 0;
}

}  // namespace wp::control
