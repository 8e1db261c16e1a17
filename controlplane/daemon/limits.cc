#include "controlplane/daemon/limits.h"

namespace wp::daemon {

ShardConfig smallest_config() {
  ShardConfig config;
  config.streams = {.ports = 16, .accepted = 8, .nodes = 64, .receive_entries = 16, .slab_entries = 16};
  config.proxy.max_clients = 8;
  config.proxy.max_upstreams = 8;
  config.proxy.head_slabs = 8;
  config.proxy.body.entries = {8, 1, 1, 1};
  return config;
}

}  // namespace wp::daemon
