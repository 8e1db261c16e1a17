// Between the command line and the request path: the defaults one way, the settings the other.
#pragma once

#include <cstdint>

#include "controlplane/options.h"
#include "dataplane/net/transport.h"
#include "dataplane/proxy/config.h"
#include "dataplane/stream/port_table.h"

namespace wp::daemon {

struct ShardConfig {
  proxy::ProxyConfig proxy;
  stream::StreamLimits streams;
  net::NetConfig net;
};

// The request path's own defaults, as options.
[[nodiscard]] control::RequestPathOptions default_path_options();

// `seed`: of the shards' generators.
[[nodiscard]] ShardConfig shard_config(const control::Options& options, std::uint64_t seed);

// File descriptors that the daemon may come to need.
[[nodiscard]] std::uint64_t descriptors_needed(const ShardConfig& config, std::uint32_t shards);

}  // namespace wp::daemon
