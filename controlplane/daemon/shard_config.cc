#include "controlplane/daemon/shard_config.h"

#include <algorithm>

#include "controlplane/health/prober.h"

namespace wp::daemon {

control::RequestPathOptions default_path_options() {
  const proxy::ProxyConfig proxy;
  const proxy::Timeouts& timeouts = proxy.timeouts;
  control::RequestPathOptions path;
  path.decision_headers = proxy.decision_headers;
  path.max_body = proxy.body.max_body;
  path.max_connections = proxy.max_clients;
  path.max_per_source = proxy.max_per_source;
  path.max_requests = proxy.max_requests;
  path.max_heads = proxy.head_slabs;
  path.max_head = proxy.head.head_bytes;
  path.max_headers = proxy.head.fields;
  path.body_min_rate = proxy.body_min_rate;
  path.client_min_rate = proxy.client_min_rate;
  path.session_headers = proxy.session_headers;
  path.pass_paths = proxy.pass_paths;
  path.probe_prefix = proxy.probe_prefix;
  path.hash_key = proxy.hash_key;
  path.head_timeout = timeouts.head;
  path.body_timeout = timeouts.body;
  path.keep_alive_timeout = timeouts.keep_alive;
  path.connect_timeout = timeouts.connect;
  path.first_byte_timeout = timeouts.first_byte;
  path.idle_timeout = timeouts.reply_progress;
  path.client_timeout = timeouts.client_progress;
  path.upstream_idle_timeout = timeouts.upstream_idle;
  return path;
}

ShardConfig shard_config(const control::Options& options, std::uint64_t seed) {
  const control::RequestPathOptions& path = options.path;
  ShardConfig config;
  proxy::ProxyConfig& proxy = config.proxy;
  proxy.decision_headers = path.decision_headers;
  proxy.body.max_body = path.max_body;
  proxy.max_clients = path.max_connections;
  proxy.max_per_source = path.max_per_source;
  proxy.max_requests = path.max_requests;
  proxy.head_slabs = path.max_heads;
  proxy.head.head_bytes = path.max_head;
  proxy.head.target_bytes = std::min(proxy.head.target_bytes, path.max_head);
  proxy.head.fields = path.max_headers;
  proxy.body_min_rate = path.body_min_rate;
  proxy.client_min_rate = path.client_min_rate;
  // Each client may have one request under way, and each of those a connection to a replica.
  proxy.max_upstreams = std::max(proxy.max_upstreams, path.max_connections);
  proxy.session_headers = path.session_headers;
  proxy.pass_paths = path.pass_paths;
  proxy.probe_prefix = path.probe_prefix;
  proxy.hash_key = path.hash_key;
  proxy.seed = seed;
  proxy.access_records = options.access_log.empty() ? 0 : options.access_log_ring;
  proxy.timeouts = {.head = path.head_timeout,
                    .body = path.body_timeout,
                    .keep_alive = path.keep_alive_timeout,
                    .connect = path.connect_timeout,
                    .first_byte = path.first_byte_timeout,
                    .reply_progress = path.idle_timeout,
                    .client_progress = path.client_timeout,
                    .upstream_idle = path.upstream_idle_timeout};
  config.streams.ports = proxy.max_clients + proxy.max_upstreams;
  // As many queued slices a connection as the defaults allow.
  constexpr std::uint32_t kNodesPerPort = 8;
  config.streams.nodes = std::max(config.streams.nodes, config.streams.ports * kNodesPerPort);
  return config;
}

std::uint64_t descriptors_needed(const ShardConfig& config, std::uint32_t shards) {
  constexpr std::uint64_t kOfTheProcess = 256;  // listeners, rings, the admin's connections, the log
  return std::uint64_t{config.streams.ports} * shards + kOfTheProcess + control::Prober::kConcurrent;
}

}  // namespace wp::daemon
