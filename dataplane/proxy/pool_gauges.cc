#include "dataplane/proxy/pool_gauges.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "dataplane/proxy/proxy.h"

namespace wp::proxy {
namespace {

constexpr std::array<std::string_view, PoolGauges::kCount> kWords = {
    "ports",      "nodes",       "receive",    "slabs",   "heads",    "reply_heads", "bodies_4k",
    "bodies_64k", "bodies_512k", "bodies_max", "clients", "requests", "upstreams"};

}  // namespace

PoolGauges::PoolGauges(const ProxyConfig& config, stream::PortTable& table) {
  const stream::StreamLimits& limits = table.limits();
  size(ports, limits.ports, sizeof(stream::StreamPort));
  size(nodes, limits.nodes, sizeof(stream::Slice) + sizeof(std::uint64_t));
  size(receive, limits.receive_entries, limits.receive_bytes);
  size(slabs, limits.slab_entries, stream::PortTable::kSlabBytes);
  size(heads, config.head_slabs, config.head.head_bytes + sizeof(Request));
  size(reply_heads, config.head_slabs, config.head.head_bytes + sizeof(ReplyIntake));
  constexpr std::array<std::uint32_t, 3> kSizes = {4 * 1024, 64 * 1024, 512 * 1024};
  for (std::size_t i = 0; i < stream::BodySlabs::kClasses; ++i) {
    const std::uint32_t bytes = i < kSizes.size() ? std::min(kSizes[i], config.body.max_body) : config.body.max_body;
    size(bodies + i, config.body.entries[i], bytes + stream::BodySlabs::kPadding);
  }
  size(clients, config.max_clients, sizeof(Client));
  size(requests, std::min(config.max_requests, config.max_clients), sizeof(Exchange));
  size(upstreams, config.max_upstreams, sizeof(Upstream));
}

void PoolGauges::size(std::size_t pool, std::uint64_t entries, std::uint64_t entry_bytes) {
  entries_[pool].set(entries);
  bytes_[pool].set(entries * entry_bytes);
}

void PoolGauges::describe(MetricList& list, const stream::Admission& admission) const {
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::string labels = "pool=\"" + std::string(kWords[i]) + "\"";
    list.gauge("warmpath_pool_used", "Entries of a pool in use.", labels, used_[i]);
    list.gauge("warmpath_pool_entries", "Entries that a pool has.", labels, entries_[i]);
    list.gauge("warmpath_pool_limit_bytes", "Memory of a pool when all of it is in use.", labels, bytes_[i]);
  }
  for (std::size_t i = 0; i < stream::kPoolNames; ++i) {
    const auto pool = static_cast<stream::PoolName>(i);
    list.counter("warmpath_accept_pauses_total", "Times accepting paused because a pool was nearly used up.",
                 "pool=\"" + std::string(word(pool)) + "\"", admission.pauses(pool));
  }
}

}  // namespace wp::proxy
