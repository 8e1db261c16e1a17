// From the settings to what a shard is made of.
#pragma once

#include <cstdint>
#include <vector>

#include "controlplane/config/settings.h"
#include "dataplane/net/transport.h"
#include "dataplane/prompt/features.h"
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

// The members of a body that name its session.
[[nodiscard]] std::vector<prompt::SessionField> session_fields(const control::RequestSettings& requests);

// File descriptors that the daemon may come to need.
[[nodiscard]] std::uint64_t descriptors_needed(const ShardConfig& config, std::uint32_t shards);

}  // namespace wp::daemon
