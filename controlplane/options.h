// The command line of warmpathd, read and checked before anything is opened: what is wrong with it is one clear line.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "controlplane/access_format.h"
#include "controlplane/health/policy.h"
#include "controlplane/replica_spec.h"
#include "dataplane/balance/ring.h"
#include "dataplane/balance/snapshot.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"

namespace wp::control {

enum class TransportChoice : std::uint8_t { automatic, io_uring, epoll };

// What warmpathd is asked to do.
enum class Action : std::uint8_t { serve, print_reasons, print_strictness, print_metrics, print_access_log };

// Settings of the request path. Their defaults belong to the request path itself, which the control plane may not
// include: the daemon fills them in and hands them to parse_options().
struct RequestPathOptions {
  bool decision_headers = false;
  std::uint32_t max_body = 0;         // bytes
  std::uint32_t max_connections = 0;  // client connections a shard
  std::uint32_t max_per_source = 0;   // of one address; 0: no limit
  std::uint32_t max_requests = 0;     // in flight a shard
  std::uint32_t max_heads = 0;        // requests a shard whose head is read or kept
  std::uint32_t max_head = 0;         // bytes
  std::uint32_t max_headers = 0;
  std::uint32_t body_min_rate = 0;    // bytes a second
  std::uint32_t client_min_rate = 0;  // bytes a second
  std::vector<std::string> session_headers;
  std::vector<std::string> pass_paths;
  std::string probe_prefix;  // empty: no probes on the traffic port
  std::uint64_t hash_key = 0;
  Duration head_timeout;
  Duration body_timeout;
  Duration keep_alive_timeout;
  Duration connect_timeout;
  Duration first_byte_timeout;
  Duration idle_timeout;    // between two pieces of a reply
  Duration client_timeout;  // a client that takes nothing
  Duration upstream_idle_timeout;
};

struct Options {
  Action action = Action::serve;
  std::vector<Endpoint> listen;  // clients; never empty after parsing
  std::vector<ReplicaSpec> replicas;
  balance::Strategy strategy = balance::Strategy::prefix;
  std::uint32_t shards = 0;    // 0: one less than the cores that may be used, at least 1
  Endpoint admin;              // read-only
  std::string control_socket;  // path; empty: none
  TransportChoice transport = TransportChoice::automatic;
  std::uint32_t ring_slots = balance::kDefaultRingSlots;
  double load_factor = balance::Bounds{}.factor;
  bool pin = true;
  Duration resolve_interval = seconds(5);
  HealthPolicy health;
  Duration drain_delay;  // unready and serving, before the drain
  Duration drain_timeout = seconds(30);
  std::string user;        // to become once everything is open; empty: stay
  std::string group;       // empty: the user's own
  std::string access_log;  // path, "-" for standard output; empty: none
  AccessFormat access_log_format = AccessFormat::json;
  std::uint32_t access_log_ring = 8192;  // records a shard that wait for the writer, a power of two
  RequestPathOptions path;
};

// Why there are no options: help or version was asked for (exit 0, for standard output) or the line is wrong (exit 2,
// one line for standard error).
struct ParseStop {
  int exit_code = 2;
  std::string text;
};

inline constexpr std::uint32_t kMaxShards = 256;

// `arguments`: without the program's name. `version`: what --version prints.
[[nodiscard]] std::expected<Options, ParseStop> parse_options(const std::vector<std::string>& arguments,
                                                              const RequestPathOptions& defaults,
                                                              const std::string& version);

}  // namespace wp::control
