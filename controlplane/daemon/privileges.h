// Gives up what root may do once everything is open that needed it.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

namespace wp::daemon {

struct Identity {
  std::string name;  // of the user, as it was given
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary ones
};

// By name or number; an empty group is the user's own. The error is one line.
[[nodiscard]] std::expected<Identity, std::string> find_identity(const std::string& user, const std::string& group);

// No program that is started can bring privileges back, and no capability can ever be gained: of the calling thread
// and of those that it makes, so call it before there are others. The error is one line.
[[nodiscard]] std::expected<void, std::string> forbid_new_privileges();

// The whole process, all its threads, is that user's from now on, without any capability. `files` (those that are
// there) are the user's before that, so that it can open and remove them again. Returns what will not work for it, a
// line each; the error, one line, leaves the process in no state to go on.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> become(const Identity& who,
                                                                          std::span<const std::string> files);

}  // namespace wp::daemon
