// What warmpathctl's exit status means. Scripts depend on it: doc/ADMIN.md has the same table, and tests hold both.
#pragma once

#include <cstdint>

namespace wp::ctl {

enum class ExitCode : std::uint8_t {
  done = 0,
  refused = 1,      // the daemon answered, and refused; or a file that was to be checked has errors
  usage = 2,        // the command line is wrong, or a file it names cannot be read
  unreachable = 3,  // no daemon answered
  not_in_time = 4,  // what --wait waited for has not come
  garbled = 5,      // what answered is no warmpathd that this warmpathctl understands
};

}  // namespace wp::ctl
