// How much of every pool of a shard is in use, and the memory that it may come to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/base/counters.h"
#include "dataplane/base/metrics.h"
#include "dataplane/proxy/config.h"
#include "dataplane/stream/port_table.h"

namespace wp::proxy {

class PoolGauges {
 public:
  // Indices; `bodies` is the first of one a size class.
  static constexpr std::size_t ports = 0, nodes = 1, receive = 2, slabs = 3, heads = 4, reply_heads = 5, bodies = 6,
                               clients = 10, requests = 11, upstreams = 12;
  static constexpr std::size_t kCount = 13;

  PoolGauges(const ProxyConfig& config, stream::PortTable& table);

  void note(std::size_t pool, std::uint32_t used) { used_[pool].set(used); }
  void describe(MetricList& list, const stream::Admission& admission) const;

 private:
  void size(std::size_t pool, std::uint64_t entries, std::uint64_t entry_bytes);

  std::array<Counter, kCount> used_{};
  std::array<Counter, kCount> entries_{};
  std::array<Counter, kCount> bytes_{};  // when all of it is in use
};

}  // namespace wp::proxy
