#include "tools/ctl/program.h"

#include <algorithm>
#include <ostream>
#include <span>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "controlplane/nearest.h"
#include "tools/ctl/candidates.h"
#include "tools/ctl/command.h"
#include "tools/ctl/completion.h"
#include "tools/ctl/config.h"
#include "tools/ctl/duration_option.h"
#include "tools/ctl/file_text.h"
#include "tools/ctl/metrics.h"
#include "tools/ctl/postmortem.h"
#include "tools/ctl/replicas.h"
#include "tools/ctl/ring.h"
#include "tools/ctl/route.h"
#include "tools/ctl/status.h"
#include "tools/ctl/version.h"

namespace wp::ctl {
namespace {

constexpr const char* kDescription =
    "warmpathctl: looks at a running warmpathd and changes it.\n"
    "It speaks to the daemon's control socket on this machine, or over TCP with --address.";

constexpr const char* kFooter =
    "\nExamples:\n"
    "  warmpathctl status\n"
    "  warmpathctl replicas list\n"
    "  warmpathctl replicas drain 10.0.0.11:8000 --wait 5m\n"
    "  warmpathctl config check /etc/warmpath/warmpath.toml && warmpathctl config reload\n"
    "  warmpathctl COMMAND --help\n"
    "\nExit status: 0 done, 1 the daemon refused or the checked file has errors, 2 wrong command line,\n"
    "3 no daemon answered, 4 not in time (--wait), 5 an answer that is not understood.";

void declare_globals(CLI::App& app, Context& context, std::string& token_file) {
  CLI::Option* socket = app.add_option("--socket", context.target.socket,
                                       "the daemon's control socket; WARMPATH_SOCKET names another default")
                            ->type_name("PATH")
                            ->default_str(context.target.socket);
  CLI::Option* address =
      app.add_option("--address", context.target.address, "the daemon's control address, instead of the socket")
          ->type_name("HOST:PORT")
          ->excludes(socket);
  CLI::Option* token = app.add_option("--token-file", token_file, "the token that the control address wants")
                           ->type_name("FILE")
                           ->needs(address);
  context.completes(*socket, Names::files);
  context.completes(*token, Names::files);
  app.add_flag("--json", context.json, "for machines: keys are described in doc/ADMIN.md and only ever added to");
  add_duration(app, "--timeout", "how long each answer may take", context.target.timeout);
}

Outcome<void> check_globals(Context& context, const std::string& token_file) {
  const std::string& address = context.target.address;
  if (!address.empty() && (address.rfind(':') == std::string::npos || address.ends_with(':'))) {
    return trouble(ExitCode::usage, "--address '" + address + "': write HOST:PORT");
  }
  constexpr std::size_t kMaxPath = 107;  // sockaddr_un
  if (context.target.socket.empty() || context.target.socket.size() > kMaxPath) {
    return trouble(ExitCode::usage, "--socket: a path of 1 to 107 bytes is wanted");
  }
  if (token_file.empty()) return {};
  auto token = read_line(token_file);
  if (!token) return std::unexpected(token.error());
  if (token->find(' ') != std::string::npos) {
    return trouble(ExitCode::usage, token_file + " does not hold one word, as a token is");
  }
  context.target.token = std::move(*token);
  return {};
}

// The command that was asked for last: its help and its words are what a mistake is about.
const CLI::App& deepest(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.back());
}

std::string full_name(const CLI::App& app) {
  if (app.get_parent() == nullptr) return "warmpathctl";
  return full_name(*app.get_parent()) + " " + app.get_name();
}

// What no command and no option took.
std::string unexpected_word(const CLI::App& app, const std::string& word) {
  std::vector<std::string> known;
  const bool option = word.starts_with("-");
  for (const CLI::App* at = &app; at != nullptr; at = option ? at->get_parent() : nullptr) {
    if (option) {
      for (const CLI::Option* each : at->get_options()) {
        for (const std::string& name : each->get_lnames()) known.push_back("--" + name);
      }
    } else {
      for (const CLI::App* each : at->get_subcommands({})) known.push_back(each->get_name());
    }
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  const std::string_view meant = control::nearest(word.substr(0, word.find('=')), views);
  std::string line = option          ? "unknown option '" + word + "'"
                     : known.empty() ? "unexpected argument '" + word + "'"
                                     : "there is no command '" + word + "'";
  if (!meant.empty()) line += "; did you mean " + std::string(meant) + "?";
  return line + " (see: " + full_name(app) + " --help)";
}

ExitCode fail(const Surroundings& surroundings, ExitCode code, std::string line) {
  std::ranges::replace(line, '\n', ' ');
  surroundings.err << "warmpathctl: " << line << "\n";
  return code;
}

ExitCode fail(const Surroundings& surroundings, const Trouble& trouble) {
  fail(surroundings, trouble.code, trouble.line);
  for (const std::string& line : trouble.more) fail(surroundings, trouble.code, line);
  return trouble.code;
}

Outcome<void> act(const Context& context) {
  try {
    return context.action();
  } catch (const nlohmann::json::exception& error) {
    return trouble(ExitCode::garbled, std::string("the answer is not what this warmpathctl expects, is the daemon of "
                                                  "the same version? (") +
                                          error.what() + ")");
  }
}

// What a shell's script asks: "complete -- WORDS". It has nobody to tell what is wrong.
ExitCode complete(const CLI::App& app, Context& context, std::span<const std::string> arguments) {
  const bool marked = arguments.size() > 1 && arguments[1] == "--";
  try {
    write_candidates(app, context, arguments.subspan(marked ? 2 : 1));
  } catch (const nlohmann::json::exception&) {
    return ExitCode::garbled;
  }
  return ExitCode::done;
}

}  // namespace

ExitCode run(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  CLI::App app(kDescription, "warmpathctl");
  Context context{.out = surroundings.out,
                  .err = surroundings.err,
                  .colour = surroundings.colour,
                  .json = false,
                  .target = {},
                  .action = {}};
  if (!surroundings.environment.empty()) context.target.socket = surroundings.environment;
  std::string token_file;
  app.fallthrough();   // global options may stand behind the command
  app.allow_extras();  // what is left over is explained below
  app.footer(kFooter);
  app.option_defaults()->always_capture_default(false);
  app.set_version_flag("--version", version_line());
  declare_globals(app, context, token_file);
  declare_status(app, context);
  declare_replicas(app, context);
  declare_ring(app, context);
  declare_route(app, context);
  declare_config(app, context);
  declare_metrics(app, context);
  declare_postmortem(app, context);
  declare_version(app, context);
  declare_completion(app, context);
  if (!arguments.empty() && arguments.front() == kCompleteCommand) return complete(app, context, arguments);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    surroundings.out << app.help();
    return ExitCode::done;
  } catch (const CLI::CallForVersion&) {
    surroundings.out << version_line() << "\n";
    return ExitCode::done;
  } catch (const CLI::ParseError& error) {
    return fail(surroundings, ExitCode::usage, error.what() + (" (see: " + full_name(deepest(app)) + " --help)"));
  }
  const CLI::App& chosen = deepest(app);
  if (const auto extras = app.remaining(true); !extras.empty()) {
    return fail(surroundings, ExitCode::usage, unexpected_word(chosen, extras.front()));
  }
  if (!context.action) {
    return fail(surroundings, ExitCode::usage, "a command is wanted (see: " + full_name(chosen) + " --help)");
  }
  auto outcome = check_globals(context, token_file);
  if (outcome) outcome = act(context);
  if (outcome) return ExitCode::done;
  return fail(surroundings, outcome.error());
}

}  // namespace wp::ctl
