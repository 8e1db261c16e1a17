// From the settings to what a shard is made of.
#pragma once

#include <cstdint>

#include "controlplane/config/settings.h"
#include "dataplane/net/transport.h"
#include "dataplane/proxy/config.h"
#include "dataplane/stream/port_table.h"

namespace wp::daemon {

struct ShardConfig {
  proxy::ProxyConfig proxy;
  stream::StreamLimits streams;
  net::NetConfig net;
};

// `seed`: of the shards' generators.
[[nodiscard]] ShardConfig shard_config(const control::Settings& settings, std::uint64_t seed);

// File descriptors that the daemon may come to need.
[[nodiscard]] std::uint64_t descriptors_needed(const ShardConfig& config, std::uint32_t shards);

}  // namespace wp::daemon
