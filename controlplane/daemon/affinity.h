// Ties the calling thread to cores.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace wp::daemon {

// The error is one clear line.
[[nodiscard]] std::expected<void, std::string> pin_this_thread(const std::vector<int>& cores);

}  // namespace wp::daemon
