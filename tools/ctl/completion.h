// `warmpathctl completion SHELL`: what the shell needs to complete command lines, made from the tree of commands
// itself.
#pragma once

#include <string>

#include "tools/ctl/command.h"

namespace wp::ctl {

// A script to be sourced. `root`: the whole tree.
[[nodiscard]] std::string bash_completion(const CLI::App& root);
[[nodiscard]] std::string zsh_completion(const CLI::App& root);
[[nodiscard]] std::string fish_completion(const CLI::App& root);

void declare_completion(CLI::App& root, Context& context);

}  // namespace wp::ctl
