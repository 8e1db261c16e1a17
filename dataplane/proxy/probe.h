// Liveness and readiness asked for on the traffic port: answered by the shard itself, from the Snapshot, without a
// replica. A balancer in front of us sees by it the very path that its traffic takes.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/http/writer.h"

namespace wp::proxy {

enum class Probe : std::uint8_t {
  none,
  live,   // PREFIX/live: 200 as long as the shard turns
  ready,  // PREFIX/ready: 503 while the daemon leaves, or when no replica of any pool can be picked
};

// What a path asks for; an empty prefix means that probes are not answered here.
[[nodiscard]] Probe probe_of(std::string_view prefix, std::string_view path);

struct ProbeReply {
  bool good = true;
  bool keep_alive = false;
  bool http10 = false;
  bool head_request = false;
};

// Writes the whole reply.
void write_probe(http::Writer& out, const ProbeReply& reply);

}  // namespace wp::proxy
