// What may stand at the end of a command line that somebody is typing: commands, options, files, and the names that the
// daemon knows. The shells' scripts (completion.h) ask for it as `warmpathctl complete -- WORDS`.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include "tools/ctl/command.h"

namespace wp::ctl {

// The command that the scripts ask; --help does not list it.
inline constexpr const char* kCompleteCommand = "complete";

// Written alone instead of candidates: the shell completes names of files.
inline constexpr const char* kFiles = ":files";

// Writes a line for each candidate: the word, a tab, what it is. `root`: the whole tree of commands, nothing parsed.
// `words`: those typed behind the program's name, the last of them to be completed, perhaps empty. Where the daemon is
// asked for names, `context` and the words say where it is; no answer within a second is no candidates.
void write_candidates(const CLI::App& root, Context& context, std::span<const std::string> words);

}  // namespace wp::ctl
