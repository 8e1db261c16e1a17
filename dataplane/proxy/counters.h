// What the request path of one shard counts.
#pragma once

#include <array>
#include <cstddef>

#include "dataplane/base/assert.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/metrics.h"
#include "dataplane/http/ambiguity.h"

namespace wp::proxy {

// One of each for every reason to pick a replica; they stand last in the list of reasons.
template <class Figure>
class PerDecision {
 public:
#define WP_DECIDES(name, kind, ...) +(ReasonKind::kind == ReasonKind::decide ? 1 : 0)
  static constexpr std::size_t kCount = 0 WP_REASONS(WP_DECIDES);
#undef WP_DECIDES
  static constexpr std::size_t kFirst = kReasonCount - kCount;

  [[nodiscard]] Figure& of(Reason decision) { return figures_[index(decision)]; }
  [[nodiscard]] const Figure& of(Reason decision) const { return figures_[index(decision)]; }

 private:
  [[nodiscard]] static std::size_t index(Reason decision) {
    WP_ASSERT(static_cast<std::size_t>(decision) >= kFirst);
    return static_cast<std::size_t>(decision) - kFirst;
  }

  std::array<Figure, kCount> figures_{};
};

struct ProxyCounters {
  ReasonCounters reasons;
  // Messages refused by the row of the verdict table that they met (dataplane/http/ambiguity.h).
  std::array<Counter, http::kAmbiguityCount> ambiguities;
  void count(http::Ambiguity flaw) {
    if (flaw != http::Ambiguity::none) ambiguities[static_cast<std::size_t>(flaw) - 1].add();
  }

  // Every request ends in exactly one of these.
  Counter completed;    // a replica's whole reply was handed to the client's connection
  Counter refused;      // answered by us with an error, no replica asked or none left to ask
  Counter failed;       // a replica's failure was answered or cut the reply
  Counter client_gone;  // the client left first

  Counter probes;       // answered by us with how we are; they are no requests
  Counter model_lists;  // the same of the models that there are

  Counter in_flight;  // gauge: requests picked and not yet ended
  Counter clients;    // gauge
  Counter accepted;

  Counter upstream_opened;
  Counter upstream_reused;
  Counter upstream_idle;  // gauge
  Counter upstream_busy;  // gauge

  PerDecision<Counter> prompt_tokens;  // estimated, of requests sent to replicas
  Counter stream_events;               // server-sent events relayed
  Counter bytes_by_reference;
  Counter bytes_copied;
  Counter relay_stalls;  // a reply waited for the shard's own buffers
  Counter body_slabs;    // gauge: bytes of request bodies held

  PerDecision<LatencyHistogram> first_byte_stream;  // whole request received -> first byte of server-sent events
  PerDecision<LatencyHistogram> first_byte_other;   // the same for other replies
  LatencyHistogram duration;                        // whole request received -> reply complete
  LatencyHistogram connect;                         // handshake towards a replica
  LatencyHistogram piece_gap;                       // between two pieces of a server-sent-event body
  LatencyHistogram room_wait;                       // a request that found no slot or slab -> it had one
  OwnTimeHistogram own_time;                        // a request's own time, see RequestLog
  OwnTimeHistogram turn;                            // of the loop, that moved a request

  // Describes all of the above under the prefix warmpath_.
  void describe(MetricList& list) const;
};

}  // namespace wp::proxy
