// net: moves bytes between StreamPorts and the world. One folder a way of doing it: kernel (io_uring), epoll, and later
// bypass (own TCP). It may not know what the bytes mean.
//
// The seam is a concept, so that a shard pays no virtual call and the simulator is one more transport.
#pragma once

#include <concepts>
#include <cstdint>
#include <expected>
#include <string>

#include "dataplane/base/counters.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"

namespace wp::net {

// A turn of the loop is: enter(how long the shard may sleep), then Shard::turn(now), which calls receive(now), steps
// the proxy, and calls flush(now). Only enter() may block; what flush() queued leaves in the next enter() at the
// latest.
template <class T>
concept Transport = requires(T t, Instant now, Duration wait) {
  // Hands queued work to the kernel and sleeps until there is something to receive, wake() is called, or `wait` passed.
  // A wait of zero or less never sleeps.
  { t.enter(wait) } -> std::same_as<void>;
  // Delivers what arrived into the ports.
  { t.receive(now) } -> std::same_as<void>;
  // Serves the ports of the transport-ready list: connects, sends, re-arms receives, closes.
  { t.flush(now) } -> std::same_as<void>;
  // When flush() must be called next though no port asks for it (a lingering close); kNever when never.
  { t.next_deadline() } -> std::same_as<Instant>;
};

struct NetCounters {
  Counter accepted;        // connections taken from listeners
  Counter accept_paused;   // times accepting stopped because a pool was nearly used up or the process's file table full
  Counter accept_dropped;  // connections reset because they came while accepting was being stopped, beyond backlog
  Counter connects;        // outgoing handshakes begun
  Counter bytes_received;
  Counter bytes_sent;
  Counter receives;         // completions or calls that brought bytes
  Counter sends;            // gathered writes begun
  Counter receive_starved;  // receives that found no free buffer, and pieces that found no list node
  Counter lingers_expired;  // closes whose peer did not close in time
  Counter closings_shed;    // the same, cut short because ports or send buffers were nearly used up
  Counter system_calls;
};

struct NetConfig {
  std::uint32_t backlog = 4096;
  Duration linger = seconds(2);           // how long a closing connection reads and drops
  std::uint32_t linger_bytes = 8 << 20;   // and how much: who sends a body before it reads must see its 413
  Duration drain = seconds(30);           // how long it may make no progress with what close() left to send
  Duration drain_most = seconds(120);     // and how long in all
  Duration shed_after = millis(500);      // older ones are cut short when ports or send buffers are nearly used up
  Duration keepalive_idle = seconds(60);  // TCP keep-alive probes begin after this
};

}  // namespace wp::net
