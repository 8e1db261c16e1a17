#include "tools/ctl/completion.h"

#include <ostream>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace wp::ctl {
namespace {

struct Word {
  std::string text;
  std::string help;
  bool takes_value = false;
  bool takes_file = false;
};

// One place in the tree: what may stand behind these words.
struct Place {
  std::string words;  // "replicas drain"; empty: the root
  std::vector<Word> commands;
  std::vector<Word> options;
};

std::vector<Word> options_of(const CLI::App& app) {
  std::vector<Word> words;
  for (const CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_name();
    for (const std::string& name : option->get_lnames()) {
      words.push_back({"--" + name, option->get_description(), option->get_items_expected_max() > 0,
                       type == "FILE" || type == "PATH"});
    }
  }
  return words;
}

void walk(const CLI::App& app, const std::string& words, const std::vector<Word>& global, std::vector<Place>& places) {
  Place place{.words = words, .commands = {}, .options = options_of(app)};
  if (!words.empty()) {
    for (const Word& word : global) {
      if (word.text != "--help" && word.text != "--version") place.options.push_back(word);
    }
  }
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* command : commands) place.commands.push_back({command->get_name(), command->get_description()});
  places.push_back(std::move(place));
  for (const CLI::App* command : commands) {
    walk(*command, words.empty() ? command->get_name() : words + " " + command->get_name(), global, places);
  }
}

std::vector<Place> places_of(const CLI::App& root) {
  std::vector<Place> places;
  walk(root, "", options_of(root), places);
  return places;
}

std::string joined(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

// Options whose value is a file, and those with another value, as patterns of a shell's case.
std::string pattern(const CLI::App& root, bool files) {
  std::string text;
  for (const Place& place : places_of(root)) {
    for (const Word& word : place.options) {
      const std::string next = word.text + "|";
      if (word.takes_value && word.takes_file == files && text.find(next) == std::string::npos) text += next;
    }
  }
  if (!text.empty()) text.pop_back();
  return text;
}

// A text between single quotes, as bash, zsh and fish read it.
std::string quoted(std::string_view text, std::string_view quote_mark) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += quote_mark;
    } else {
      result += c;
    }
  }
  return result + "'";
}

std::string case_lines(const CLI::App& root, std::string_view indent) {
  std::string text;
  for (const Place& place : places_of(root)) {
    text += std::string(indent) + "'" + place.words + "') words=" + "'" + joined(place.commands) + "' options='" +
            joined(place.options) + "' ;;\n";
  }
  return text;
}

}  // namespace

std::string bash_completion(const CLI::App& root) {
  return R"(# bash completion of warmpathctl; source it, or keep it as
# /usr/share/bash-completion/completions/warmpathctl
_warmpathctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} place='' words='' options='' word
  local -i at skip=0
  COMPREPLY=()
  case $previous in
    )" + pattern(root, true) +
         R"() mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    )" + pattern(root, false) +
         R"() return ;;
  esac
  for ((at = 1; at < COMP_CWORD; ++at)); do
    word=${COMP_WORDS[at]}
    if ((skip)); then skip=0; continue; fi
    case $word in
      )" +
         pattern(root, true) + "|" + pattern(root, false) + R"() skip=1; continue ;;
      -*) continue ;;
    esac
    _warmpathctl_place "${place:+$place }$word" && place=${place:+$place }$word
  done
  _warmpathctl_place "$place"
  if [[ $current == -* ]]; then words=$options; fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

# Sets words and options to what may stand behind the commands $1; fails when these are none.
_warmpathctl_place() {
  case $1 in
)" + case_lines(root, "    ") +
         R"(    *) return 1 ;;
  esac
}

complete -F _warmpathctl warmpathctl
)";
}

// zsh runs bash's own function: one tree, one walk.
std::string zsh_completion(const CLI::App& root) {
  return "#compdef warmpathctl\n"
         "# zsh completion of warmpathctl; source it behind compinit\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_completion(root);
}

std::string fish_completion(const CLI::App& root) {
  std::string text =
      "# fish completion of warmpathctl; keep it as ~/.config/fish/completions/warmpathctl.fish\n"
      "complete -c warmpathctl -f\n";
  const std::string_view quote_mark = "\\'";
  for (const Place& place : places_of(root)) {
    const std::size_t space = place.words.rfind(' ');
    const std::string last = space == std::string::npos ? place.words : place.words.substr(space + 1);
    std::string condition = "__fish_use_subcommand";
    if (!place.words.empty()) condition = "__fish_seen_subcommand_from " + last;
    if (!place.words.empty() && !place.commands.empty()) {
      condition += "; and not __fish_seen_subcommand_from " + joined(place.commands);
    }
    const std::string line = "complete -c warmpathctl -n " + quoted(condition, quote_mark);
    for (const Word& word : place.commands)
      text += line + " -a " + word.text + " -d " + quoted(word.help, quote_mark) + "\n";
    for (const Word& word : place.options) {
      text += line + " -l " + word.text.substr(2) +
              (word.takes_file    ? " -r -F"
               : word.takes_value ? " -x"
                                  : "") +
              " -d " + quoted(word.help, quote_mark) + "\n";
    }
  }
  return text;
}

void declare_completion(CLI::App& root, Context& context) {
  CLI::App& group = add_command(root, context,
                                {"completion",
                                 "a script that completes command lines in your shell",
                                 {"completion bash > /usr/share/bash-completion/completions/warmpathctl",
                                  "completion fish > ~/.config/fish/completions/warmpathctl.fish"}},
                                {});
  struct Shell {
    const char* name;
    std::string (*script)(const CLI::App&);
  };
  for (const Shell& shell :
       {Shell{"bash", bash_completion}, Shell{"zsh", zsh_completion}, Shell{"fish", fish_completion}}) {
    add_command(group, context, {shell.name, std::string("for ") + shell.name},
                [&context, &root, script = shell.script]() -> Outcome<void> {
                  context.out << script(root);
                  return {};
                });
  }
}

}  // namespace wp::ctl
