// One request to warmpathd's admin endpoints and its reply, over the control socket or TCP, with a limit in time.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

#include "dataplane/base/time.h"
#include "tools/ctl/exit_code.h"

namespace wp::ctl {

inline constexpr const char* kDefaultSocket = "/run/warmpath/control.sock";

// Where the daemon is.
struct Target {
  std::string socket = kDefaultSocket;
  std::string address;  // HOST:PORT; when set, used instead of the socket
  std::string token;    // sent as a bearer token (RFC 6750) over TCP; empty: none
  Duration timeout = seconds(5);
};

struct Answer {
  unsigned status = 0;
  std::string body;
};

struct Trouble {
  ExitCode code = ExitCode::unreachable;
  std::string line;                    // what is wrong and what to do about it
  std::vector<std::string> more = {};  // further lines, where there is more than one thing wrong
};

template <class T>
using Outcome = std::expected<T, Trouble>;

[[nodiscard]] std::unexpected<Trouble> trouble(ExitCode code, std::string line);

struct Ask {
  std::string method = "GET";
  std::string path = {};
  std::string body = {};
};

// Any status is an answer. Blocks for at most the target's timeout, and the time that looking up a name takes.
[[nodiscard]] Outcome<Answer> ask(const Target& target, const Ask& request);

}  // namespace wp::ctl
