// Sends a request on its way: picks a replica, charges its accounts, takes or opens a connection, queues head and body.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/balance/pick.h"
#include "dataplane/base/rng.h"
#include "dataplane/base/time.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/counters.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/proxy/intake.h"
#include "dataplane/proxy/upstream_pool.h"

namespace wp::proxy {

class Dispatcher {
 public:
  Dispatcher(const ProxyConfig& config, stream::PortTable& ports, UpstreamPool& upstreams, balance::Accounts& accounts,
             balance::Residency& residency, ProxyCounters& counters, std::uint64_t seed);

  // Picks among the replicas the exchange has not failed on, and sends. Reason::none, or why nothing was sent.
  [[nodiscard]] Reason dispatch(Instant now, const balance::Snapshot& snapshot, Exchange& exchange, Handle self,
                                Request& request, std::string_view client_address);

  // Sends again to the replica already picked, on a fresh connection: what a stale pooled one is owed.
  [[nodiscard]] Reason resend(Instant now, const balance::Snapshot& snapshot, Exchange& exchange, Handle self,
                              Request& request, std::string_view client_address);

 private:
  [[nodiscard]] Reason send(Instant now, const balance::Replica& replica, Exchange& exchange, Handle self,
                            Request& request, std::string_view client_address, bool fresh);

  [[nodiscard]] static bool push_body(stream::StreamPort& port, const Request& request,
                                      const prompt::UsageSplice& splice);

  const ProxyConfig& config_;
  stream::PortTable& ports_;
  UpstreamPool& upstreams_;
  balance::Accounts& accounts_;
  balance::Residency& residency_;
  ProxyCounters& counters_;
  Rng rng_;
  std::vector<std::uint32_t> turns_;  // round-robin position by pool; shards start at different places
  std::vector<std::byte> scratch_;    // a head being written
};

}  // namespace wp::proxy
