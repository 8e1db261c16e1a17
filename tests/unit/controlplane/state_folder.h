// A folder of a test's own for a state file.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <unistd.h>

#include "controlplane/state_file.h"

namespace wp::control {

struct StateFolder {
  StateFolder() : path(std::filesystem::temp_directory_path() / ("warmpath-state-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directory(path);
  }
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;
  ~StateFolder() { std::filesystem::remove_all(path); }

  [[nodiscard]] std::string file() const { return (path / "state.json").string(); }
  void put(const std::string& name, std::string_view text) const { std::ofstream(path / name) << text; }
  [[nodiscard]] std::string get(const std::string& name) const {
    std::ifstream in(path / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::unique_ptr<StateFile> open() const {
    auto opened = StateFile::open(file());
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error());
    return std::move(*opened);
  }

  std::filesystem::path path;
};

inline Changes one_drained(const std::string& name) {
  Changes changes;
  changes[name].drained = true;
  return changes;
}

}  // namespace wp::control
