// The command line of warmpathd, read and checked before anything is opened: what is wrong with it is one clear line.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/config/settings.h"

namespace wp::control {

// What warmpathd is asked to do.
enum class Action : std::uint8_t {
  serve,
  print_reasons,
  print_strictness,
  print_metrics,
  print_access_log,
  print_config
};

struct Options {
  Action action = Action::serve;
  std::string config_file;  // what to read the settings from; empty: they are here
  Settings settings;
};

// Why there are no options: help or version was asked for (exit 0, for standard output) or the line is wrong (exit 2,
// one line for standard error).
struct ParseStop {
  int exit_code = 2;
  std::string text;
};

// `arguments`: without the program's name. `version`: what --version prints. `default_file`: read when the arguments
// name neither a replica nor an address nor a control socket; empty when there is none.
[[nodiscard]] std::expected<Options, ParseStop> parse_options(const std::vector<std::string>& arguments,
                                                              const std::string& version,
                                                              const std::string& default_file = {});

}  // namespace wp::control
