// Hands a reply on, from a replica's stream to a client's, in the turn it came: head re-written, body re-framed, by
// reference where that is cheap, by copy where references would pin the transport's buffers. Memory is bounded by the
// client's tx credit; what does not fit stays unread, which closes the replica's window.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/base/pool.h"
#include "dataplane/base/time.h"
#include "dataplane/proxy/config.h"
#include "dataplane/proxy/counters.h"
#include "dataplane/proxy/exchange.h"
#include "dataplane/stream/port_table.h"

namespace wp::proxy {

// What the decision headers say.
struct PickedNames {
  std::string_view replica;
  std::string_view pool;
};

struct RelayOutcome {
  enum class Kind : std::uint8_t {
    need_more,  // all that came was handed on
    again,      // this turn's share is used up, more is waiting
    blocked,    // the client's credit is used up
    starved,    // the shard has no buffer for a copy
    complete,   // the last byte of the reply is queued
    failed,     // see reason; exchange.replying says whether the client has seen part of the reply
  };
  Kind kind = Kind::need_more;
  Reason reason = Reason::none;
  bool progress = false;  // bytes came from the replica
};

class Relay {
 public:
  Relay(const ProxyConfig& config, stream::PortTable& ports, ProxyCounters& counters);

  // Moves what has arrived. `picked` is read until the reply's head has gone out.
  [[nodiscard]] RelayOutcome run(Instant now, Exchange& exchange, stream::StreamPort& upstream,
                                 stream::StreamPort& client, const PickedNames& picked);

  // The replica's side has ended and all it sent was run through: complete when the framing says so, else failed.
  [[nodiscard]] RelayOutcome upstream_ended(Instant now, Exchange& exchange, stream::StreamPort& upstream,
                                            stream::StreamPort& client);

  // Replies whose head is being read.
  [[nodiscard]] std::uint32_t heads() const { return intakes_.live(); }
  // Gives back what the exchange holds of a half-read reply.
  void release(Exchange& exchange);

 private:
  [[nodiscard]] RelayOutcome read_head(Exchange& exchange, stream::StreamPort& upstream, stream::StreamPort& client,
                                       const PickedNames& picked);
  [[nodiscard]] RelayOutcome send_head(Exchange& exchange, const http::ReplyHead& head, stream::StreamPort& client,
                                       const PickedNames& picked);
  [[nodiscard]] RelayOutcome relay_body(Instant now, Exchange& exchange, stream::StreamPort& upstream,
                                        stream::StreamPort& client);
  void hand_on(Exchange& exchange, const stream::Slice& source, stream::Bytes payload, stream::StreamPort& client);
  void read_payload(Exchange& exchange, stream::Bytes payload);
  void hand_on_cut(Exchange& exchange, const stream::Slice& source, stream::Bytes payload, stream::StreamPort& client);
  void first_byte(Instant now, Exchange& exchange);
  void next_piece(Instant now, Exchange& exchange);
  [[nodiscard]] RelayOutcome finish(Instant now, Exchange& exchange, stream::StreamPort& upstream,
                                    stream::StreamPort& client);
  [[nodiscard]] bool starved() const;

  const ProxyConfig& config_;
  stream::PortTable& ports_;
  ProxyCounters& counters_;
  stream::SlicePool heads_;
  Pool<ReplyIntake> intakes_;
  std::vector<std::byte> scratch_;  // a head being written
};

}  // namespace wp::proxy
