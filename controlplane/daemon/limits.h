// Sizes of what all shards share, and of a shard that serves nobody.
#pragma once

#include <cstdint>

#include "controlplane/daemon/shard_config.h"

namespace wp::daemon {

inline constexpr std::uint32_t kMaxReplicas = 4096;  // at one time, with those that still finish their streams

// For asking whether a transport works, and for describing metrics.
[[nodiscard]] ShardConfig smallest_config();

}  // namespace wp::daemon
