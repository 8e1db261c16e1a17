// What every command of warmpathctl gets and gives: where the daemon is, where output goes, and an outcome that becomes
// the exit status.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "tools/ctl/client.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace wp::ctl {

// What the value of an option may be, where a shell can complete it.
enum class Names : std::uint8_t {
  none,
  files,
  replicas,
  serving,   // replicas that do not drain
  draining,  // replicas that do
  changed,   // replicas that were changed at run time
  pools,
  metrics,
};

struct Context {
  std::ostream& out;
  std::ostream& err;
  bool colour = false;  // `out` is a terminal that wants it
  bool json = false;
  Target target;
  std::function<Outcome<void>()> action;                 // of the command that was asked for
  std::map<const CLI::Option*, Names> completions = {};  // of the options that have any

  void completes(const CLI::Option& option, Names names) { completions[&option] = names; }
};

struct Command {
  std::string name;
  std::string help;                        // one line
  std::vector<std::string> examples = {};  // command lines without the program's name, each with "  # what it does"
};

// A command that runs `action`, or without one a group of commands. `context` outlives the parsing.
CLI::App& add_command(CLI::App& under, Context& context, const Command& command, std::function<Outcome<void>()> action);

// Asks the daemon. A status of 400 and above is trouble with the daemon's own words, a line for each problem.
[[nodiscard]] Outcome<std::string> ask_text(const Context& context, const Ask& request);
[[nodiscard]] Outcome<nlohmann::json> ask_json(const Context& context, const Ask& request);

// Writes the daemon's reservation about a change that it made, if it has one, to standard error.
void print_warning(const Context& context, const nlohmann::json& reply);

// As --json writes it.
void print_json(const Context& context, const nlohmann::json& value);

}  // namespace wp::ctl
