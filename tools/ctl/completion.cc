#include "tools/ctl/completion.h"

#include <ostream>

#include <CLI/CLI.hpp>

namespace wp::ctl {
namespace {

// Readline cuts words at ':' and '=', which names of replicas have: the line is cut here again, at blanks alone, and
// what readline takes for words of their own is taken off the candidates.
constexpr const char* kBash = R"(# bash completion of warmpathctl: source it, or keep it as
# /usr/share/bash-completion/completions/warmpathctl
_warmpathctl() {
  local line=${COMP_LINE:0:COMP_POINT} breaks=${COMP_WORDBREAKS//[^:=]/} current kept=''
  local -a typed found
  IFS=$' \t\n' read -r -a typed <<<"$line"
  [[ $line == *[[:blank:]] ]] && typed+=('')
  current=${typed[${#typed[@]}-1]}
  mapfile -t found < <("${typed[0]/#\~/$HOME}" complete -- "${typed[@]:1}" 2>/dev/null)
  if [[ ${found[0]-} == ':files' ]]; then
    [[ $current == --*=* ]] && current=${current#*=}
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return
  fi
  [[ -n $breaks ]] && kept=${current%"${current##*["$breaks"]}"}
  COMPREPLY=("${found[@]%%$'\t'*}")
  COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}
complete -F _warmpathctl warmpathctl
)";

constexpr const char* kZsh = R"(#compdef warmpathctl
# zsh completion of warmpathctl: source it behind compinit, or keep it as _warmpathctl in a folder of $fpath.
_warmpathctl() {
  local -a before found shown
  local line
  before=("${(@Q)words[2,CURRENT-1]}")
  ((CURRENT == 2)) && before=()
  found=("${(@f)$(${~words[1]} complete -- "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
  if [[ $found[1] == ':files' ]]; then
    compset -P '--*='
    _files
    return
  fi
  for line in $found; do
    shown+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe 'warmpathctl' shown
}
if [[ $funcstack[1] == _warmpathctl ]]; then
  _warmpathctl "$@"
else
  compdef _warmpathctl warmpathctl
fi
)";

constexpr const char* kFish =
    R"(# fish completion of warmpathctl: keep it as ~/.config/fish/completions/warmpathctl.fish
function __warmpathctl_candidates
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l found ($typed[1] complete -- $typed[2..] "$current" 2>/dev/null)
    if test "$found[1]" = ':files'
        __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$current")
    else
        printf '%s\n' $found
    end
end
complete -c warmpathctl -f -a '(__warmpathctl_candidates)'
)";

}  // namespace

void declare_completion(CLI::App& root, Context& context) {
  CLI::App& group = add_command(root, context,
                                {"completion",
                                 "a script that completes command lines in your shell, names of replicas included",
                                 {"completion bash > /usr/share/bash-completion/completions/warmpathctl",
                                  "completion zsh > /usr/local/share/zsh/site-functions/_warmpathctl",
                                  "completion fish > ~/.config/fish/completions/warmpathctl.fish"}},
                                {});
  struct Shell {
    const char* name;
    const char* script;
  };
  for (const Shell& shell : {Shell{"bash", kBash}, Shell{"zsh", kZsh}, Shell{"fish", kFish}}) {
    add_command(group, context, {shell.name, std::string("for ") + shell.name},
                [&context, script = shell.script]() -> Outcome<void> {
                  context.out << script;
                  return {};
                });
  }
}

}  // namespace wp::ctl
