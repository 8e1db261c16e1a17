#include "controlplane/config/keys.h"

#include "controlplane/config/values.h"

namespace wp::control {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;

// Finds a member both in a value that is read into and in one that is written from.
#define WP_AT(member) [](auto& owner) -> auto& { return owner.member; }

using Keys = std::vector<Key<Settings>>;

void add_server(Keys& keys) {
  const auto add = [&keys](auto... row) { keys.push_back(make_key<Settings>(row...)); };
  add("server.listen", Apply::restart, ListValue{endpoint_value()}, WP_AT(server.listen),
      "where clients connect; without it 0.0.0.0:8080");
  add("server.shards", Apply::restart, NumberValue{0, kMaxShards}, WP_AT(server.shards),
      "threads that serve; 0 is one less than the cores");
  add("server.transport", Apply::restart, transport_value(), WP_AT(server.transport),
      "what the shards move bytes with; auto takes io_uring where the kernel allows it");
  add("server.pin", Apply::restart, FlagValue{}, WP_AT(server.pin), "ties each shard to a core of its own");
  add("server.drain_timeout", Apply::restart, DurationValue{}, WP_AT(server.drain_timeout),
      "how long requests may finish after SIGTERM");
  add("server.drain_delay", Apply::restart, DurationValue{Duration{}}, WP_AT(server.drain_delay),
      "after SIGTERM, how long it says that it is not ready and serves on");
  add("server.resolve_interval", Apply::restart, DurationValue{millis(100)}, WP_AT(server.resolve_interval),
      "how often names of replicas are looked up again");
  add("server.user", Apply::restart, account_value(), WP_AT(server.user),
      "whom to become once everything is open, when started as root");
  add("server.group", Apply::restart, account_value(), WP_AT(server.group),
      "with server.user: else it is the user's own");
}

void add_log(Keys& keys) {
  const auto add = [&keys](auto... row) { keys.push_back(make_key<Settings>(row...)); };
  add("log.access", Apply::restart, access_log_value(), WP_AT(log.access), "one line a request, appended to this file");
  add("log.access_format", Apply::restart, access_format_value(), WP_AT(log.access_format), "how it is written");
  add("log.access_ring", Apply::restart, NumberValue{64, 1U << 20U}, WP_AT(log.access_ring),
      "records of each shard that may wait for the writer; rounded up to a power of two");
  add("log.postmortem_dir", Apply::restart, postmortem_dir_value(), WP_AT(log.postmortem_dir),
      "where the last events of every shard go when the process dies");
}

void add_admin(Keys& keys) {
  const auto add = [&keys](auto... row) { keys.push_back(make_key<Settings>(row...)); };
  add("admin.listen", Apply::restart, endpoint_value(), WP_AT(admin.listen),
      "where metrics and health are read; changes nothing");
  add("admin.control_socket", Apply::restart, socket_path_value(), WP_AT(admin.control_socket),
      "Unix socket where changes are made at run time");
  add("admin.control_group", Apply::restart, line_value(), WP_AT(admin.control_group),
      "group that may use the control socket, whose mode is 0660; without it the process's own");
  add("admin.control_listen", Apply::restart, optional_endpoint_value(), WP_AT(admin.control_listen),
      "the same over TCP, for who has the token");
  add("admin.control_token_file", Apply::restart, line_value(), WP_AT(admin.control_token_file),
      "file with the token: one line, not readable by everybody");
  add("admin.state", Apply::restart, state_path_value(), WP_AT(admin.state),
      "where run-time changes are kept over a restart; auto is /var/lib/warmpath/state.json where that can be written");
  add("admin.handover", Apply::restart, FlagValue{}, WP_AT(admin.handover),
      "at the end leaves what was sent where to the next process, in a file beside the state");
}

void add_requests(Keys& keys) {
  const auto add = [&keys](auto... row) { keys.push_back(make_key<Settings>(row...)); };
  add("requests.session_headers", Apply::restart, ListValue{header_value()}, WP_AT(requests.session_headers),
      "headers that carry the session, in order of precedence");
  add("requests.session_fields", Apply::restart, ListValue{session_field_value()}, WP_AT(requests.session_fields),
      "members of a body that name the session where no header does, in order of precedence");
  add("requests.pass_paths", Apply::restart, ListValue{path_value()}, WP_AT(requests.pass_paths),
      "paths passed on besides the APIs, each with what is below it");
  add("requests.probe_path", Apply::restart, probe_prefix_value(), WP_AT(requests.probe_prefix),
      "below it, /live and /ready are answered on the traffic port, without a replica");
  add("requests.hash_key", Apply::restart, hash_key_value(), WP_AT(requests.hash_key),
      "keys the session and prefix hashes; the same on nodes that must agree");
  add("requests.decision_headers", Apply::restart, FlagValue{}, WP_AT(requests.decision_headers),
      "tells clients which replica of which pool answered and why (x-warmpath-replica, -pool, -decision)");
}

void add_limits(Keys& keys) {
  const auto add = [&keys](auto... row) { keys.push_back(make_key<Settings>(row...)); };
  add("limits.head", Apply::restart, SizeValue{kKiB, 64 * kKiB}, WP_AT(limits.head),
      "largest head of a request or reply");
  add("limits.headers", Apply::restart, NumberValue{8, 128}, WP_AT(limits.headers),
      "most header fields of a request or reply");
  add("limits.body", Apply::restart, SizeValue{4 * kKiB, 256 * kMiB}, WP_AT(limits.body), "largest body of a request");
  add("limits.connections", Apply::restart, NumberValue{1, 1'000'000}, WP_AT(limits.connections),
      "client connections that each shard may hold");
  add("limits.connections_per_source", Apply::restart, NumberValue{0, 1'000'000}, WP_AT(limits.connections_per_source),
      "of these, those of one IPv4 address or IPv6 /64; 0: no limit");
  add("limits.requests", Apply::restart, NumberValue{1, 1'000'000}, WP_AT(limits.requests),
      "requests that each shard may have in flight");
  add("limits.heads", Apply::restart, NumberValue{1, 1'000'000}, WP_AT(limits.heads),
      "requests a shard that may be read, or wait for the first byte of their reply");
  add("limits.residency", Apply::restart, SizeValue{64 * kKiB, 1024 * kMiB}, WP_AT(limits.residency),
      "memory, of all shards, for what was sent to which replica: 128 bytes remember eight prefixes");
  add("limits.holdings", Apply::restart, SizeValue{64 * kKiB, 1024 * kMiB}, WP_AT(limits.holdings),
      "memory, of all shards, for what reporters tell that replicas hold: 64 bytes remember eight prefixes");
  add("limits.sessions", Apply::restart, NumberValue{64, 1U << 24U}, WP_AT(limits.sessions),
      "sessions, of all shards, whose last replica is remembered to count how many stay, in 8 bytes each");
  add("limits.body_min_rate", Apply::restart, NumberValue{0, 1U << 30U}, WP_AT(limits.body_min_rate),
      "bytes a second of a request's body, once timeouts.body has passed; 0: none");
  add("limits.client_min_rate", Apply::restart, NumberValue{0, 1U << 30U}, WP_AT(limits.client_min_rate),
      "bytes a second that a client reads, over timeouts.client; 0: none");
}

void add_feeds(Keys& keys) {
  const auto add = [&keys](auto... row) { keys.push_back(make_key<Settings>(row...)); };
  add("feeds.run", Apply::restart, FlagValue{}, WP_AT(feeds.run),
      "starts warmpath-feeds, which reads the metrics and KV events of the replicas' engines, and starts it again "
      "when it ends");
  add("feeds.program", Apply::restart, line_value(), WP_AT(feeds.program),
      "where warmpath-feeds is; without it beside warmpathd");
  add("feeds.interval", Apply::restart, DurationValue{millis(100), seconds(3600)}, WP_AT(feeds.interval),
      "between two looks at the metrics of a replica, and whether its KV events are all read; well below feeds.fresh");
  add("feeds.fresh", Apply::restart, DurationValue{millis(100)}, WP_AT(feeds.fresh),
      "how long a report of an engine is used, from when it was read there; later what it corrects is guessed again");
}

void add_timeouts(Keys& keys) {
  const auto add = [&keys](std::string_view path, auto at, std::string_view meaning) {
    keys.push_back(make_key<Settings>(path, Apply::reload, DurationValue{}, at, meaning));
  };
  add("timeouts.head", WP_AT(client.head), "a request's head, from its first byte");
  add("timeouts.body", WP_AT(client.body), "between two pieces of a request's body");
  add("timeouts.keep_alive", WP_AT(client.keep_alive), "a client connection without a request");
  add("timeouts.client", WP_AT(client.progress), "a client that takes nothing of its reply");
}

Keys make_settings_keys() {
  Keys keys;
  add_server(keys);
  add_admin(keys);
  add_log(keys);
  add_requests(keys);
  add_limits(keys);
  add_feeds(keys);
  add_timeouts(keys);
  return keys;
}

void add_health(std::vector<Key<PoolSettings>>& keys) {
  const auto add = [&keys](std::string_view path, auto kind, auto at, std::string_view meaning) {
    keys.push_back(make_key<PoolSettings>(path, Apply::reload, kind, at, meaning));
  };
  add("pool.health.enabled", FlagValue{}, WP_AT(health.enabled), "replicas are checked; else every one is taken as up");
  add("pool.health.path", path_value(), WP_AT(health.path),
      "asked with GET: 200 is up, 503 loads, 404 has no such page and is up");
  add("pool.health.interval", DurationValue{millis(10)}, WP_AT(health.interval),
      "between two checks; an eighth of it while a replica's state is uncertain");
  add("pool.health.timeout", DurationValue{}, WP_AT(health.timeout), "a check, from the connect to the reply's end");
  add("pool.health.rise", NumberValue{1, 100}, WP_AT(health.rise), "passed checks in a row that bring a replica up");
  add("pool.health.fall", NumberValue{1, 100}, WP_AT(health.fall), "failed checks in a row that take it down");
}

std::vector<Key<PoolSettings>> make_pool_keys() {
  std::vector<Key<PoolSettings>> keys;
  const auto add = [&keys](std::string_view path, auto kind, auto at, std::string_view meaning) {
    keys.push_back(make_key<PoolSettings>(path, Apply::reload, kind, at, meaning));
  };
  add("pool.name", pool_name_value(), WP_AT(name), "what routes, metrics and the admin API call it");
  add("pool.models", ListValue{model_value()}, WP_AT(models),
      "models that its replicas serve: requests for them go here, and /v1/models lists them");
  add("pool.strategy", strategy_value(), WP_AT(strategy), "how a replica is picked");
  add("pool.load_factor", FactorValue{}, WP_AT(bounds.factor),
      "a replica takes up to this times its fair share of the load");
  add("pool.prefill_floor", NumberValue{1, 1'000'000'000}, WP_AT(bounds.prefill_floor),
      "prompt tokens that a replica may always have waiting");
  add("pool.streams_floor", NumberValue{1, 1'000'000}, WP_AT(bounds.streams_floor),
      "requests that a replica may always have under way");
  add("pool.ring_slots", NumberValue{256, 1U << 20U}, WP_AT(ring_slots),
      "slots of the ring; the same on nodes that must agree");
  add("pool.kv_tokens", NumberValue{0, 1'000'000'000}, WP_AT(kv_tokens),
      "tokens that a replica's KV cache holds, by which what was sent there is taken as gone; 0: not known");
  add("pool.usage", usage_value(), WP_AT(ask_usage),
      "ask: replicas are asked for the usage of streamed replies, and clients that did not ask get the stream without "
      "it; as-is: bodies and streams are left alone");
  add("pool.metrics_path", metrics_path_value(), WP_AT(metrics_path),
      "page that warmpath-feeds reads of each replica; empty for none. TensorRT-LLM's is /prometheus/metrics: its "
      "/metrics is emptied by whoever reads it");
  const auto time = [&keys](std::string_view path, auto at, std::string_view meaning) {
    keys.push_back(make_key<PoolSettings>(path, Apply::reload, DurationValue{}, at, meaning));
  };
  time("pool.timeouts.connect", WP_AT(timeouts.connect), "connecting to a replica");
  time("pool.timeouts.first_byte", WP_AT(timeouts.first_byte),
       "from the request to the first byte of the reply's body");
  time("pool.timeouts.between_bytes", WP_AT(timeouts.progress), "between two pieces of a reply");
  time("pool.timeouts.idle", WP_AT(timeouts.idle),
       "an unused connection to a replica is kept; below the replica's own keep-alive");
  add_health(keys);
  return keys;
}

std::vector<Key<ReplicaSpec>> make_replica_keys() {
  std::vector<Key<ReplicaSpec>> keys;
  keys.push_back(make_key<ReplicaSpec>(
      "pool.replica.url", Apply::reload, ReplicaUrlValue{}, [](auto& owner) -> auto& { return owner; },
      "where it is; a name is looked up again and again"));
  keys.push_back(make_key<ReplicaSpec>("pool.replica.weight", Apply::reload, NumberValue{1, balance::kMaxWeight},
                                       WP_AT(weight), "its share of the load, relative to the others'"));
  keys.push_back(make_key<ReplicaSpec>("pool.replica.priority", Apply::reload, NumberValue{0, kMaxPriority},
                                       WP_AT(priority), "0 first; others only when no lower one can be picked"));
  keys.push_back(make_key<ReplicaSpec>("pool.replica.kv_events", Apply::reload, NumberValue{0, 65535}, WP_AT(kv_events),
                                       "port where its engine publishes KV events over ZeroMQ, which warmpath-feeds "
                                       "reads where the pool's strategy is kv; 0: none"));
  keys.push_back(make_key<ReplicaSpec>("pool.replica.kv_replay", Apply::reload, NumberValue{0, 65535}, WP_AT(kv_replay),
                                       "port where they can be asked for again; wanted with kv_events"));
  return keys;
}

std::vector<Key<RouteSettings>> make_route_keys() {
  std::vector<Key<RouteSettings>> keys;
  keys.push_back(make_key<RouteSettings>("route.model", Apply::reload, route_model_value(), WP_AT(model),
                                         "exact names come first, then the longest beginning; * takes the rest"));
  keys.push_back(
      make_key<RouteSettings>("route.pool", Apply::reload, pool_name_value(), WP_AT(pool), "the pool that serves it"));
  return keys;
}

#undef WP_AT

}  // namespace

std::string_view word(Apply apply) {
  return apply == Apply::reload ? "reload" : "restart";
}

const std::vector<Key<Settings>>& settings_keys() {
  static const std::vector<Key<Settings>> keys = make_settings_keys();
  return keys;
}

const std::vector<Key<PoolSettings>>& pool_keys() {
  static const std::vector<Key<PoolSettings>> keys = make_pool_keys();
  return keys;
}

const std::vector<Key<ReplicaSpec>>& replica_keys() {
  static const std::vector<Key<ReplicaSpec>> keys = make_replica_keys();
  return keys;
}

const std::vector<Key<RouteSettings>>& route_keys() {
  static const std::vector<Key<RouteSettings>> keys = make_route_keys();
  return keys;
}

}  // namespace wp::control
