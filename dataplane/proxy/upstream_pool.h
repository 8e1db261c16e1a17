// Connections to replicas of one shard: one exchange at a time on each (no pipelining), kept idle for the next, most
// recently used first, bounded per replica and in time.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/balance/snapshot.h"
#include "dataplane/base/deadlines.h"
#include "dataplane/base/pool.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/counters.h"
#include "dataplane/stream/port_table.h"

namespace wp::proxy {

// Marks the owner of a port: the application's mark is a kind and an index.
inline constexpr std::uint64_t kClientOwner = std::uint64_t{1} << 32U;
inline constexpr std::uint64_t kUpstreamOwner = std::uint64_t{2} << 32U;

struct Upstream {
  stream::PortId port;
  balance::ReplicaRef replica;
  Handle exchange;  // invalid while idle
  Instant since;    // handshake begun
  std::uint32_t requests = 0;
  bool idle = false;
  std::uint32_t newer = UINT32_MAX;  // links of the replica's idle list
  std::uint32_t older = UINT32_MAX;
};

class UpstreamPool {
 public:
  UpstreamPool(const ProxyConfig& config, std::uint32_t max_replicas, stream::PortTable& ports,
               ProxyCounters& counters);

  // The most recently used idle connection to the replica, or an invalid handle. Idle ones to addresses that the
  // replica no longer has are closed on the way.
  [[nodiscard]] Handle reuse(const balance::Replica& replica, Handle exchange);
  // A new connection, its handshake begun with `patience` for it; invalid when the shard has no room for one.
  [[nodiscard]] Handle open(const balance::Replica& replica, std::size_t endpoint, Handle exchange, Instant now,
                            Duration patience);
  // The exchange is over and the connection is clean: keeps it for the next, up to `idle`, or closes what is too much.
  void park(Handle upstream, Instant now, Duration idle);
  // Ends a connection in order or at once, busy or idle.
  void close(Handle upstream, Reason why);
  void abort(Handle upstream, Reason why);

  // Closes idle connections to replicas that left or were replaced.
  void sweep(const balance::Snapshot& snapshot);
  void close_all_idle(Reason why);

  [[nodiscard]] Upstream& get(Handle h) { return upstreams_.get(h); }
  [[nodiscard]] Upstream* find(Handle h) { return upstreams_.find(h); }
  [[nodiscard]] Handle at(std::uint32_t index) const { return upstreams_.at(index); }

  // Deadlines of busy connections are the exchange's business; idle ones are closed by take_due itself.
  void arm(Handle upstream, Instant when) { deadlines_.arm(upstream.index, when); }
  [[nodiscard]] bool take_due(Instant now, Handle& upstream);
  [[nodiscard]] Instant next_deadline() const { return deadlines_.next(); }
  [[nodiscard]] std::uint32_t live() const { return upstreams_.live(); }

 private:
  static constexpr std::uint32_t kEnd = UINT32_MAX;
  struct IdleList {
    std::uint32_t newest = kEnd;
    std::uint32_t oldest = kEnd;
    std::uint32_t size = 0;
  };

  void unlink(std::uint32_t index);
  // Closes one idle connection; false when there is none.
  [[nodiscard]] bool make_room();
  void forget(Handle upstream);

  const ProxyConfig& config_;
  stream::PortTable& ports_;
  ProxyCounters& counters_;
  Pool<Upstream> upstreams_;
  Deadlines deadlines_;
  std::vector<IdleList> idle_;  // by replica id
  std::size_t room_from_ = 0;   // where make_room() looked last
};

}  // namespace wp::proxy
