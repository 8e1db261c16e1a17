// Sends a request on its way: picks a replica, charges its accounts, takes or opens a connection, queues head and body.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/balance/pick.h"
#include "dataplane/balance/prompt_tap.h"
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

  // The request will be dispatched in a moment.
  void prefetch(const balance::Snapshot& snapshot, const Request& request) const;
  // Picks among the replicas the exchange has not failed on, and sends. Reason::none, or why nothing was sent.
  [[nodiscard]] Reason dispatch(Instant now, const balance::Snapshot& snapshot, Exchange& exchange, Handle self,
                                Request& request, std::string_view client_address);

  // Sends again to the replica already picked, on a fresh connection: what a stale pooled one is owed.
  [[nodiscard]] Reason resend(Instant now, const balance::Snapshot& snapshot, Exchange& exchange, Handle self,
                              Request& request, std::string_view client_address);

  // Where prompts are noted that a pool of the strategy kv is sent; it outlives the dispatcher.
  void note_to(balance::PromptTap& tap) { tap_ = &tap; }
  void note_first_byte(const Exchange& exchange, Instant now);
  // The exchange is over, or goes to another replica; what the reply told is in its record.
  void note_end(Exchange& exchange, Instant now);

 private:
  void note_prompt(Instant now, const balance::Pool& pool, const prompt::Features& features, Exchange& exchange);
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
  balance::PromptTap* tap_ = nullptr;
  Rng rng_;
  std::vector<std::uint32_t> turns_;  // round-robin position by pool; shards start at different places
  std::vector<std::byte> scratch_;    // a head being written
};

}  // namespace wp::proxy
