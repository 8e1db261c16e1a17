// Whether a port is free. Shards listen with SO_REUSEPORT, which would quietly share the port with another warmpathd of
// the same user: this asks without it.
#pragma once

#include <expected>
#include <string>

#include "dataplane/base/endpoint.h"

namespace wp::daemon {

// The error is one clear line. Port 0 is always free.
[[nodiscard]] std::expected<void, std::string> check_free(const Endpoint& at);

}  // namespace wp::daemon
