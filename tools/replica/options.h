// The command line of warmpath-replica.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "tools/loop/transport_choice.h"
#include "tools/replica/connection.h"
#include "tools/replica/kv_publisher.h"
#include "tools/replica/replica.h"

namespace wp::replica {

struct Options {
  std::string listen_host = "127.0.0.1";
  std::uint16_t port = 9001;  // of the first replica; 0: the system chooses for each
  std::uint32_t count = 1;
  std::string name_prefix = "replica";
  loop::TransportChoice transport = loop::TransportChoice::best;
  ReplicaConfig replica;  // of all; each gets its own name
  ConnectionLimits connection;
  // Of the first replica; the others have the ports behind it, or any where it is 0.
  std::optional<KvPublisherConfig> kv_events;
};

// What the command line says, or how to leave: what to print, and the exit status (0 for --help).
struct Leave {
  std::string text;
  int status = 0;
};
[[nodiscard]] std::expected<Options, Leave> read_options(int count, const char* const* arguments);

}  // namespace wp::replica
