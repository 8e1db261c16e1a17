// Everything that an operator may set, as one plain value: the command line and the configuration file both make it,
// and nothing else tells the daemon what to do. keys.h names each part and says what a reload may change of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/access_format.h"
#include "controlplane/health/policy.h"
#include "controlplane/replica_spec.h"
#include "dataplane/balance/ring.h"
#include "dataplane/balance/snapshot.h"
#include "dataplane/balance/timeouts.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"
#include "dataplane/prompt/features.h"

namespace wp::control {

enum class TransportChoice : std::uint8_t { automatic, io_uring, epoll };

[[nodiscard]] std::string_view word(TransportChoice choice);

inline constexpr std::uint32_t kMaxShards = 256;
inline constexpr std::uint32_t kMaxPools = 64;       // with those that left and still finish their streams
inline constexpr std::uint32_t kMaxRoutes = 1024;    // the pools' own models among them
inline constexpr std::uint32_t kMaxWildcards = 64;   // each request that no exact route fits looks at all of them
inline constexpr std::uint32_t kMaxModelName = 256;  // bytes

struct ServerSettings {
  std::vector<Endpoint> listen;  // clients; the command line and a file without it mean 0.0.0.0:8080
  std::uint32_t shards = 0;      // 0: one less than the cores that may be used, at least 1
  TransportChoice transport = TransportChoice::automatic;
  bool pin = true;
  Duration drain_delay;  // unready and serving, before the drain
  Duration drain_timeout = seconds(30);
  Duration resolve_interval = seconds(5);
  std::string user;   // to become once everything is open; empty: stay
  std::string group;  // empty: the user's own
};

struct AdminSettings {
  Endpoint listen = parse_endpoint("127.0.0.1:9090").value();  // read-only
  std::string control_socket;                                  // path; empty: none
  std::string control_group;                                   // of the socket; empty: the process's own
  std::optional<Endpoint> control_listen;
  std::string control_token_file;  // there when control_listen is
  std::string state = "auto";      // where run-time changes are kept: a path, "auto" or "none"
  bool handover = true;            // beside the state, the residency table is left for the next process
};

struct LogSettings {
  std::string access;  // path, "-" for standard output; empty: none
  AccessFormat access_format = AccessFormat::json;
  std::uint32_t access_ring = 8192;  // records a shard that wait for the writer, rounded up to a power of two
  std::string postmortem_dir;        // empty: the usual one or the working directory; "off": none
};

// What engines report of themselves.
struct FeedSettings {
  bool run = false;     // warmpath-feeds, which reads their metrics
  std::string program;  // where it is; empty: beside our own
  Duration interval = seconds(2);
  Duration fresh = seconds(6);  // how long a report is used, from when it was read from the engine
};

// Fixed sizes of a shard. The defaults are those of the request path, which a test compares.
struct LimitSettings {
  std::uint32_t head = 16 * 1024;              // bytes
  std::uint32_t headers = 100;                 // fields of a head
  std::uint32_t body = 8 * 1024 * 1024;        // bytes
  std::uint32_t body_min_rate = 512;           // bytes a second; 0: none
  std::uint32_t client_min_rate = 128;         // bytes a second; 0: none
  std::uint32_t connections = 8192;            // clients of a shard
  std::uint32_t connections_per_source = 0;    // 0: no limit
  std::uint32_t requests = 8192;               // in flight of a shard
  std::uint32_t heads = 2048;                  // requests of a shard whose head is read or kept
  std::uint32_t residency = 16 * 1024 * 1024;  // bytes, of all shards
  std::uint32_t holdings = 4 * 1024 * 1024;    // bytes, of all shards
  std::uint32_t sessions = 65'536;             // remembered, of all shards
};

struct RequestSettings {
  bool decision_headers = false;
  std::vector<std::string> session_headers{prompt::kSessionHeaders.begin(), prompt::kSessionHeaders.end()};
  // Names of prompt::SessionField.
  std::vector<std::string> session_fields{prompt::kSessionFieldNames.begin(), prompt::kSessionFieldNames.end()};
  std::vector<std::string> pass_paths = {"/v1/", "/tokenize", "/detokenize"};
  std::string probe_prefix;  // empty: no probes on the traffic port
  std::uint64_t hash_key = 0;
};

struct PoolSettings {
  std::string name = "default";
  std::vector<std::string> models;  // exact names that lead here without a route
  balance::Strategy strategy = balance::Strategy::warm;
  balance::Bounds bounds;
  std::uint32_t ring_slots = balance::kDefaultRingSlots;
  std::uint32_t kv_tokens = 0;  // that a replica's KV cache holds; 0: not known
  balance::UpstreamTimeouts timeouts;
  bool ask_usage = true;  // replicas are asked for the usage of streamed replies
  HealthPolicy health;
  std::string metrics_path = "/metrics";  // that warmpath-feeds reads; empty: nothing
  std::vector<ReplicaSpec> replicas;
};

struct RouteSettings {
  std::string model;  // a name; a beginning with one '*' behind it; "*": everything, requests without a model too
  std::string pool;
};

struct Settings {
  ServerSettings server;
  AdminSettings admin;
  LogSettings log;
  LimitSettings limits;
  FeedSettings feeds;
  RequestSettings requests;
  balance::ClientTimeouts client;
  std::vector<PoolSettings> pools;
  std::vector<RouteSettings> routes;
};

// A value that makes no sense beside the others.
struct Contradiction {
  std::string_view key;   // in a file
  std::string_view flag;  // on the command line
  std::string text;
};

[[nodiscard]] std::vector<Contradiction> contradictions(const Settings& settings);

// 0.0.0.0:8080, where nothing else is said.
[[nodiscard]] Endpoint default_listen();

// Every replica, with the name of its pool.
[[nodiscard]] std::vector<ReplicaSpec> all_replicas(const Settings& settings);

// Where models lead: the routes, then the pools' own models. Without any of these, a single pool takes everything.
[[nodiscard]] std::vector<RouteSettings> all_routes(const Settings& settings);

}  // namespace wp::control
