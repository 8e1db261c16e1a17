#include "tools/ctl/candidates.h"

#include <algorithm>
#include <map>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/ctl/file_text.h"
#include "tools/ctl/samples.h"

namespace wp::ctl {
namespace {

using Json = nlohmann::json;

struct Candidate {
  std::string word;
  std::string help;
};

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

std::vector<const CLI::App*> commands_below(const CLI::App& at) {
  return at.get_subcommands([](const CLI::App*) { return true; });
}

const CLI::App* find_command(const CLI::App& at, const std::string& name) {
  const auto commands = commands_below(at);
  const auto found = std::ranges::find(commands, name, &CLI::App::get_name);
  return found == commands.end() ? nullptr : *found;
}

// An option of the command or of one above it, whose options may stand behind it.
const CLI::Option* find_option(const CLI::App* at, const std::string& name) {
  for (; at != nullptr; at = at->get_parent()) {
    if (const CLI::Option* option = at->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

// The words before the last one, understood.
struct Typed {
  const CLI::App* at = nullptr;           // the command that they lead to
  const CLI::Option* value_of = nullptr;  // whose value the last word is
  std::vector<std::string> positionals = {};
  std::map<const CLI::Option*, std::string> options = {};  // with their values, if they have any

  void take(const std::string& word) {
    if (value_of != nullptr) {
      options[std::exchange(value_of, nullptr)] = word;
    } else if (word.starts_with("-")) {
      take_option(word);
    } else if (const CLI::App* command = find_command(*at, word)) {
      at = command;
    } else {
      positionals.push_back(word);
    }
  }

  void take_option(const std::string& word) {
    const std::size_t equals = word.find('=');
    const CLI::Option* option = find_option(at, word.substr(0, equals));
    if (option == nullptr) return;
    if (takes_value(*option) && equals == std::string::npos) {
      value_of = option;
    } else {
      options[option] = equals == std::string::npos ? "" : word.substr(equals + 1);
    }
  }
};

std::vector<Candidate> commands_of(const CLI::App& at) {
  std::vector<Candidate> found;
  for (const CLI::App* command : commands_below(at)) {
    found.push_back({command->get_name(), command->get_description()});
  }
  return found;
}

// Those not given yet; --help and --version are the command's own or the root's.
std::vector<Candidate> options_of(const Typed& typed) {
  std::vector<Candidate> found;
  for (const CLI::App* at = typed.at; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      const bool again = option->get_items_expected_max() > 1;
      if (option->get_lnames().empty() || (typed.options.contains(option) && !again)) continue;
      const std::string name = "--" + option->get_lnames().front();
      if (at != typed.at && (name == "--help" || name == "--version")) continue;
      found.push_back({name, option->get_description()});
    }
  }
  return found;
}

// The positional that the next word is; the last of a list takes all that follow.
const CLI::Option* next_positional(const Typed& typed) {
  std::size_t before = 0;
  for (const CLI::Option* option : typed.at->get_options()) {
    if (!option->get_positional()) continue;
    if (before == typed.positionals.size() || option->get_items_expected_max() > 1) return option;
    ++before;
  }
  return nullptr;
}

std::vector<Candidate> replicas(const Context& context, Names which) {
  const auto reply = ask_json(context, {.path = "/replicas"});
  std::vector<Candidate> found;
  if (!reply) return found;
  for (const Json& replica : reply->at("replicas")) {
    const bool draining = replica.at("draining");
    if ((which == Names::draining && !draining) || (which == Names::serving && draining)) continue;
    found.push_back({replica.at("name"),
                     replica.at("state").get<std::string>() + ", in pool " + replica.at("pool").get<std::string>()});
  }
  return found;
}

std::vector<Candidate> changed(const Context& context) {
  const auto reply = ask_json(context, {.path = "/changes"});
  std::vector<Candidate> found;
  if (!reply) return found;
  for (const auto& [name, change] : reply->at("changes").items()) found.push_back({name, "changed at run time"});
  return found;
}

std::vector<Candidate> pools(const Context& context) {
  const auto reply = ask_json(context, {.path = "/status"});
  std::vector<Candidate> found;
  if (!reply) return found;
  for (const Json& pool : reply->at("pools")) {
    found.push_back({pool.at("name"), pool.at("strategy").get<std::string>()});
  }
  return found;
}

std::vector<Candidate> metrics(const Context& context) {
  const auto text = ask_text(context, {.path = "/metrics"});
  const auto samples = text ? read_samples(*text) : std::vector<Sample>();
  std::vector<Candidate> found;
  if (!samples) return found;
  for (const Sample& sample : *samples) {
    if (found.empty() || found.back().word != sample.name) found.push_back({sample.name, sample.kind});
  }
  return found;
}

std::vector<Candidate> names_of(const Context& context, Names names) {
  switch (names) {
    case Names::replicas:
    case Names::serving:
    case Names::draining: return replicas(context, names);
    case Names::changed: return changed(context);
    case Names::pools: return pools(context);
    case Names::metrics: return metrics(context);
    case Names::files: return {{kFiles, ""}};
    case Names::none: return {};
  }
  return {};
}

// Where the words say that the daemon is. Completion waits for nobody.
void aim(Context& context, const CLI::App& root, const Typed& typed) {
  const auto value = [&](const char* name) {
    const auto found = typed.options.find(root.get_option(name));
    return found == typed.options.end() ? std::string() : found->second;
  };
  if (std::string socket = value("--socket"); !socket.empty()) context.target.socket = std::move(socket);
  context.target.address = value("--address");
  context.target.timeout = seconds(1);
  if (const std::string file = value("--token-file"); !file.empty()) {
    if (auto token = read_line(file)) context.target.token = std::move(*token);
  }
}

Names kind_of(const Context& context, const CLI::Option* option) {
  const auto found = context.completions.find(option);
  return found == context.completions.end() ? Names::none : found->second;
}

std::vector<Candidate> candidates(const Context& context, const Typed& typed, const std::string& last) {
  if (typed.value_of != nullptr) return names_of(context, kind_of(context, typed.value_of));
  if (last.starts_with("-")) return options_of(typed);
  if (auto commands = commands_of(*typed.at); !commands.empty()) return commands;
  const CLI::Option* positional = next_positional(typed);
  if (positional == nullptr) return options_of(typed);
  std::vector<Candidate> found = names_of(context, kind_of(context, positional));
  std::erase_if(found, [&](const Candidate& one) { return std::ranges::count(typed.positionals, one.word) > 0; });
  return found;
}

}  // namespace

void write_candidates(const CLI::App& root, Context& context, std::span<const std::string> words) {
  Typed typed{.at = &root};
  std::string last;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i + 1 < words.size()) {
      typed.take(words[i]);
    } else {
      last = words[i];
    }
  }
  // "--pool=ch": a value behind its option, which stays in the word.
  std::string option;
  if (const std::size_t equals = last.find('='); last.starts_with("--") && equals != std::string::npos) {
    typed.value_of = find_option(typed.at, last.substr(0, equals));
    option = last.substr(0, equals + 1);
    last.erase(0, equals + 1);
    if (typed.value_of == nullptr) return;
  }
  aim(context, root, typed);
  std::set<std::string> written;
  for (const Candidate& one : candidates(context, typed, last)) {
    if (one.word == kFiles) {
      context.out << kFiles << "\n";
    } else if (one.word.starts_with(last) && written.insert(one.word).second) {
      context.out << option << one.word << "\t" << one.help << "\n";
    }
  }
}

}  // namespace wp::ctl
