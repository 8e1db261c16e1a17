#include "controlplane/daemon/privileges.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wp::daemon {
namespace {

std::unexpected<std::string> failed(const std::string& what) {
  return std::unexpected("cannot " + what + ": " + std::strerror(errno));
}

std::optional<id_t> number(const std::string& text) {
  id_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return {};
  return value;
}

std::vector<gid_t> groups_of(const char* user, gid_t own) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(user, own, groups.data(), &count) < 0) {  // there are more: now `count` says how many
    groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(user, own, groups.data(), &count);
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

// Whether the user that we are now could make and remove the file.
bool can_replace(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  return ::faccessat(AT_FDCWD, folder.empty() ? "." : folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

// A group that somebody chose for the file stays. Devices, folders and links stay whose they are: /dev/null is not
// ours to give. True when the file is not there; errno says what failed.
bool hand_over(const std::string& file, const Identity& who) {
  struct stat about{};
  if (::lstat(file.c_str(), &about) != 0) return errno == ENOENT;
  if (!S_ISREG(about.st_mode) && !S_ISSOCK(about.st_mode) && !S_ISFIFO(about.st_mode)) return true;
  const gid_t group = about.st_gid == ::getegid() ? who.gid : about.st_gid;
  return ::lchown(file.c_str(), who.uid, group) == 0;
}

}  // namespace

std::expected<Identity, std::string> find_identity(const std::string& user, const std::string& group) {
  Identity who{.name = user, .uid = 0, .gid = 0, .groups = {}};
  const passwd* entry = ::getpwnam(user.c_str());
  if (const auto uid = number(user); entry == nullptr && uid) {
    who.uid = *uid;
    entry = ::getpwuid(*uid);
    if (entry == nullptr && group.empty())
      return std::unexpected("user " + user + " has no group of its own: name one");
  } else if (entry == nullptr) {
    return std::unexpected("there is no user '" + user + "'");
  }
  if (entry != nullptr) {
    who.uid = entry->pw_uid;
    who.gid = entry->pw_gid;
    if (group.empty()) who.groups = groups_of(entry->pw_name, entry->pw_gid);
  }
  if (group.empty()) return who;
  if (const struct group* found = ::getgrnam(group.c_str())) {
    who.gid = found->gr_gid;
  } else if (const auto gid = number(group)) {
    who.gid = *gid;
  } else {
    return std::unexpected("there is no group '" + group + "'");
  }
  who.groups = {who.gid};
  return who;
}

std::expected<void, std::string> forbid_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("forbid new privileges");
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    // Without CAP_SETPCAP the set stays as it is: no_new_privs makes it worth nothing.
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EPERM) return failed("drop a capability");
  }
  return {};
}

// The C library carries setgroups, setgid and setuid to every thread. Leaving uid 0 clears each thread's capabilities
// (capabilities(7)).
std::expected<std::vector<std::string>, std::string> become(const Identity& who, std::span<const std::string> files) {
  for (const std::string& file : files) {
    if (!hand_over(file, who)) return failed("hand over " + file);
  }
  if (::setgroups(who.groups.size(), who.groups.data()) != 0) return failed("set the groups of " + who.name);
  if (::setgid(who.gid) != 0) return failed("take the group of " + who.name);
  if (::setuid(who.uid) != 0) return failed("become " + who.name);
  if (who.uid != 0 && (::setuid(0) == 0 || ::geteuid() != who.uid)) {
    return std::unexpected("became " + who.name + " and could be root again");
  }
  std::vector<std::string> problems;
  for (const std::string& file : files) {
    if (can_replace(file)) continue;
    problems.push_back(who.name + " cannot write in the folder of " + file + ": it cannot be made anew or removed");
  }
  return problems;
}

}  // namespace wp::daemon
