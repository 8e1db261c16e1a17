// What is wrong with a configuration file: where, and one line of why.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wp::control {

struct ConfigError {
  std::uint32_t line = 0;  // from 1; 0: of the whole file
  std::string message;

  friend bool operator==(const ConfigError&, const ConfigError&) = default;
};

// "FILE:LINE: message", without a line where there is none.
[[nodiscard]] std::string to_string(const ConfigError& error, const std::string& file);

// Where each key and table of a file stands. Paths have the numbers of list members: "pool[0].replica[2].url".
class ConfigLines {
 public:
  void note(const std::string& path, std::uint32_t line) { lines_[path] = line; }
  // Of the path, or of the nearest part of the file that holds it; 0 when nothing does.
  [[nodiscard]] std::uint32_t of(std::string path) const;

 private:
  std::map<std::string, std::uint32_t> lines_;
};

}  // namespace wp::control
