// The process's limit of open files, which is the limit of its connections.
#pragma once

#include <cstdint>

namespace wp::daemon {

// Raises the soft limit to the hard one and returns what holds now.
[[nodiscard]] std::uint64_t raise_descriptor_limit();

}  // namespace wp::daemon
