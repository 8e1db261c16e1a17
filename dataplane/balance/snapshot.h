// balance: which replica. Pure functions of (snapshot, accounts, features, rng); one strategy a file. It may not know
// connections, HTTP or how a replica is reached.
//
// A Snapshot is everything a shard reads of the configuration: built off-path by the control thread, immutable once
// published, freed under QSBR. No pointer into it survives a turn: what must outlive one is a ReplicaRef or a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/balance/accounts.h"
#include "dataplane/balance/ring.h"
#include "dataplane/balance/timeouts.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/prompt/features.h"

namespace wp::balance {

enum class Strategy : std::uint8_t { warm, kv, prefix, session, least_loaded, round_robin };

[[nodiscard]] std::string_view word(Strategy strategy);
// The strategy of that word ("warm", "kv", "prefix", "session", "least-loaded", "round-robin"); false when there is
// none.
[[nodiscard]] bool parse_strategy(std::string_view text, Strategy& strategy);

// Whether it needs Pool::ring.
[[nodiscard]] constexpr bool with_ring(Strategy strategy) {
  return strategy == Strategy::warm || strategy == Strategy::kv || strategy == Strategy::prefix ||
         strategy == Strategy::session;
}

// Whose keys of the prompt it reads. A strategy that looks for what replicas hold needs them always; others go by the
// session, for which keys of the prompt stand where none is named, as they do in the count of sessions that stay.
[[nodiscard]] constexpr prompt::Keys keys_for(Strategy strategy) {
  switch (strategy) {
    case Strategy::warm:
    case Strategy::kv: return prompt::Keys::always;
    case Strategy::prefix:
    case Strategy::session:
    case Strategy::least_loaded:
    case Strategy::round_robin: return prompt::Keys::unnamed;
  }
  return prompt::Keys::always;
}

// Only `up` replicas are picked. `starting` answers health checks with "not yet", `draining` keeps what it has.
enum class ReplicaState : std::uint8_t { up, starting, draining, down };
[[nodiscard]] std::string_view word(ReplicaState state);

struct Replica {
  ReplicaRef ref;
  std::uint32_t weight = 100;  // 1..1000, relative; beside the ref, for a pick reads no more of most
  std::uint8_t priority = 0;   // 0 first; higher ones only when no lower one can be picked
  ReplicaState state = ReplicaState::up;
  std::string name;                 // as configured, "host:port"; its identity on the ring and in counters
  std::string authority;            // Host sent upstream
  std::vector<Endpoint> endpoints;  // resolved addresses in order of preference; empty: not resolvable, never picked

  [[nodiscard]] bool pickable() const { return state == ReplicaState::up && !endpoints.empty(); }
};

struct Pool {
  std::string name;
  std::uint32_t id = 0;  // index of its totals in Accounts
  Strategy strategy = Strategy::warm;
  Bounds bounds;
  UpstreamTimeouts timeouts;
  bool ask_usage = true;               // of streamed replies, whatever the client asks: see proxy/usage_cut.h
  std::vector<std::uint16_t> members;  // every replica of the pool, as indices into Snapshot::replicas

  // Made by seal() from the above.
  std::vector<std::uint16_t> pickable;    // members of the lowest priority that has any, ascending by ring identity
  std::uint64_t weight_sum = 0;           // over pickable
  std::uint32_t heaviest = 0;             // weight of any of pickable
  std::vector<std::uint64_t> cumulative;  // weights up to and with each of pickable; empty when all are equal

  std::vector<std::uint64_t> pickable_bits;  // a bit for each of Snapshot::replicas, set for those of pickable
  [[nodiscard]] bool is_pickable(std::uint16_t index) const {
    return ((pickable_bits[index / 64] >> (index % 64)) & 1U) != 0;
  }

  std::shared_ptr<const Ring> ring;  // over pickable: ring members are indices into `pickable`; for those with_ring()
};

// Where a model leads: by its exact name, else by the longest beginning that it has.
struct Route {
  std::string model;       // a name, or a beginning with '*' behind it; empty as "*": everything, no model among it
  std::uint32_t pool = 0;  // index into Snapshot::pools
};

// Whether a route's model is a beginning, and which.
[[nodiscard]] constexpr bool is_beginning(std::string_view pattern) {
  return pattern.empty() || pattern.ends_with('*');
}
[[nodiscard]] std::string_view beginning(std::string_view pattern);

inline constexpr std::uint16_t kNoReplica = UINT16_MAX;

struct Snapshot {
  std::uint64_t version = 0;
  std::vector<Replica> replicas;
  std::vector<Pool> pools;
  std::vector<Route> routes;     // sealed: exact names in ascending order, then beginnings, the longest first
  std::size_t exact_routes = 0;  // made by seal()
  std::string models;            // what GET /v1/models is answered with; empty: replicas are asked
  ClientTimeouts client;
  bool draining = false;                     // the daemon stops: keep what runs, offer no keep-alive
  bool ready = true;                         // what readiness probes are told: new clients should come
  prompt::Keys keys = prompt::Keys::always;  // that any of the pools reads; made by seal()
  std::vector<std::uint16_t> by_id;          // ReplicaRef::id -> index into replicas, or kNoReplica; made by seal()

  // The pool that serves `model` (empty when the request names none), or nullptr. One binary search over the exact
  // names, then all of the beginnings.
  [[nodiscard]] const Pool* route(std::string_view model) const;
  // The route that leads there.
  [[nodiscard]] const Route* route_of(std::string_view model) const;
  // The replica of a reference, or nullptr when it has left or its id has been reused.
  [[nodiscard]] const Replica* find(ReplicaRef ref) const;
};

}  // namespace wp::balance
