// tcp: TCP as a state machine (RFC 9293). Segments, stream ports and `now` come in; headers to send, events and the
// next deadline are polled out. It has no clock, no device, no socket, and never sees a packet's memory beyond the
// Slice that holds a payload; who it talks to is a Flow. Nothing is allocated per segment.
//
// Connection is one end of one connection; each of its concerns is a type or a file of its own. Stack is all of a
// shard's: the table that finds a connection, the wheel that wakes it, and the ports that they serve.
#pragma once

#include <cstdint>

#include "dataplane/base/time.h"

namespace wp::tcp {

struct TcpConfig {
  // What a packet may hold, IP header included; the MSS that is announced follows from it.
  std::uint16_t mtu = 1500;

  // RFC 6298. The lower bound is the 200 ms that everybody uses, not the second of section 2.4: SHOULD, and a loss at
  // the end of a reply would cost a second.
  Duration rto_initial = seconds(1);
  Duration rto_min = millis(200);
  Duration rto_max = seconds(60);

  // What RFC 4821 is about, in its crudest form: a segment of more than this that times out twice may be too big for a
  // router that does not say so, and its connection goes on with smaller ones.
  std::uint16_t safe_payload = 512;

  std::uint32_t initial_segments = 10;     // RFC 6928
  Duration delayed_ack = millis(40);       // RFC 9293, section 3.8.6.3 allows up to 500 ms
  std::uint8_t quick_acks = 16;            // segments at the start that are acknowledged at once
  Duration window_override = millis(200);  // RFC 9293, section 3.8.6.2.1: 0.1 to 1 s

  Duration connect_timeout = seconds(20);  // from the first SYN, either side
  Duration user_timeout = seconds(60);     // without progress while data is outstanding
  Duration keepalive_idle = seconds(120);  // RFC 9293, section 3.8.4 asks for two hours; an edge cannot wait as long
  Duration keepalive_interval = seconds(15);
  std::uint8_t keepalive_probes = 4;
  Duration fin_wait_2 = seconds(60);  // for the peer's FIN, once the application has closed
  Duration time_wait = seconds(60);   // 2 MSL

  std::uint32_t drain_bytes = 256 * 1024;  // taken and dropped after the application closed; then the peer is reset
  std::uint16_t out_of_order_pieces = 64;  // held per connection

  // RFC 5961, section 7.
  Duration challenge_interval = millis(500);  // one per connection
  std::uint32_t challenges_per_second = 200;  // all together, on average
};

}  // namespace wp::tcp
