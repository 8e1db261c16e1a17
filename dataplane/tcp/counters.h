// What a shard's TCP counts.
#pragma once

#include "dataplane/base/counters.h"
#include "dataplane/base/metrics.h"

namespace wp::tcp {

// clang-format off
#define WP_TCP_COUNTERS(X) \
  X(segments_received,      "Segments that came for a connection, a listener or nobody") \
  X(segments_sent,          "Segments handed out to be sent") \
  X(segments_retransmitted, "Segments that were sent before, in part at least") \
  X(opened_actively,        "Connections begun by us") \
  X(opened_passively,       "Connections begun by a peer's SYN") \
  X(established,            "Handshakes that were completed") \
  X(syns_refused,           "SYNs dropped: too many handshakes, or no connection slot left") \
  X(accepts_deferred,       "Handshakes not completed for want of a stream port; the peer tries again") \
  X(resets_sent,            "Resets sent") \
  X(resets_dropped,         "Resets not sent: more were due in one turn than the limit") \
  X(resets_received,        "Connections that a reset from the peer ended") \
  X(timeouts,               "Retransmission timers that ran out") \
  X(fast_retransmits,       "Losses seen by duplicate acknowledgments") \
  X(payloads_halved,        "Segments made smaller, because large ones seem not to pass") \
  X(window_probes,          "Probes of a window that was closed") \
  X(keepalives,             "Keep-alive probes") \
  X(challenges,             "Challenge acknowledgments (RFC 5961)") \
  X(challenges_limited,     "Challenge acknowledgments not sent, for a connection's limit") \
  X(challenges_limited_all, "Challenge acknowledgments not sent, for the limit over all connections") \
  X(outside_window,         "Segments outside the window") \
  X(outside_limited,        "Segments outside the window that were not answered, for their limit") \
  X(paws_dropped,           "Segments with an old timestamp, or without one that is due (RFC 7323)") \
  X(bad_acks,               "Acknowledgments of what was not sent, or too old") \
  X(out_of_order,           "Segments that came before their turn") \
  X(out_of_order_dropped,   "Of those, what was not kept, for a limit") \
  X(receive_dropped,        "Segments in turn that were not taken, for want of memory") \
  X(user_timeouts,          "Connections given up for want of progress") \
  X(keepalive_timeouts,     "Connections given up because the peer answered no probe") \
  X(drain_limited,          "Peers reset that went on sending after the application closed") \
  X(time_wait_reused,       "Connections in TIME_WAIT that a new SYN replaced (RFC 6191)") \
  X(time_wait_cut,          "Connections in TIME_WAIT that ended early, because a new one found no place")
// clang-format on

struct TcpCounters {
#define WP_COUNTER(name, help) Counter name;
  WP_TCP_COUNTERS(WP_COUNTER)
#undef WP_COUNTER

  // Every counter under its name, for exposition.
  void describe(MetricList& list) const {
#define WP_DESCRIBE(name, help) list.counter("warmpath_tcp_" #name "_total", help, "", name);
    WP_TCP_COUNTERS(WP_DESCRIBE)
#undef WP_DESCRIBE
  }
};

}  // namespace wp::tcp
