#include "controlplane/daemon/shard_config.h"

#include <algorithm>
#include <bit>

#include "controlplane/health/prober.h"
#include "dataplane/base/assert.h"

namespace wp::daemon {

std::vector<prompt::SessionField> session_fields(const control::RequestSettings& requests) {
  std::vector<prompt::SessionField> fields;
  for (const std::string& name : requests.session_fields) {
    const auto known = std::ranges::find(prompt::kSessionFieldNames, name);
    WP_ASSERT(known != prompt::kSessionFieldNames.end());  // options and files are checked
    fields.push_back(static_cast<prompt::SessionField>(known - prompt::kSessionFieldNames.begin()));
  }
  return fields;
}

ShardConfig shard_config(const control::Settings& settings, std::uint64_t seed) {
  const control::LimitSettings& limits = settings.limits;
  const control::RequestSettings& requests = settings.requests;
  ShardConfig config;
  proxy::ProxyConfig& proxy = config.proxy;
  proxy.head.head_bytes = limits.head;
  proxy.head.target_bytes = std::min(proxy.head.target_bytes, limits.head);
  proxy.head.fields = limits.headers;
  proxy.body.max_body = limits.body;
  proxy.body_min_rate = limits.body_min_rate;
  proxy.client_min_rate = limits.client_min_rate;
  proxy.max_clients = limits.connections;
  proxy.max_per_source = limits.connections_per_source;
  proxy.max_requests = limits.requests;
  proxy.head_slabs = limits.heads;
  // Each client may have one request under way, and each of those a connection to a replica.
  proxy.max_upstreams = std::max(proxy.max_upstreams, limits.connections);
  proxy.decision_headers = requests.decision_headers;
  proxy.session_headers = requests.session_headers;
  proxy.session_fields = session_fields(requests);
  proxy.pass_paths = requests.pass_paths;
  proxy.probe_prefix = requests.probe_prefix;
  proxy.hash_key = requests.hash_key;
  proxy.seed = seed;
  proxy.access_records = settings.log.access.empty() ? 0 : std::bit_ceil(settings.log.access_ring);
  config.streams.ports = proxy.max_clients + proxy.max_upstreams;
  config.streams.accepted = proxy.max_clients;
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
