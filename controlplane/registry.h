// The replicas as the operator wants them, and the Snapshot that follows. Ids are handed out here: one is used again
// only when the accounts of its last owner are zero and a grace period has passed since it left the Snapshot, so that
// a shard's (id, generation) never means two replicas.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/config/settings.h"
#include "controlplane/health/health_state.h"
#include "controlplane/id_space.h"
#include "controlplane/replica_spec.h"
#include "dataplane/balance/accounts.h"
#include "dataplane/balance/residency.h"
#include "dataplane/balance/ring_builder.h"
#include "dataplane/balance/snapshot.h"
#include "dataplane/base/qsbr.h"

namespace wp::control {

struct Member {
  ReplicaSpec spec;
  balance::ReplicaRef ref;
  std::vector<Endpoint> endpoints;
  // What the operator wants and what the checks say are kept apart: neither undoes the other.
  bool draining = false;
  Health health = Health::assumed;
  std::array<std::uint32_t, kHealths> health_changes{};  // verdicts that changed, by the new one
  // What the accounts had counted for the id's earlier owners.
  std::uint64_t charged_before = 0;
  std::uint64_t released_before = 0;

  // What follows from both.
  [[nodiscard]] balance::ReplicaState state() const;
  [[nodiscard]] bool pickable() const { return state() == balance::ReplicaState::up && !endpoints.empty(); }
};

// Control thread only.
class Registry {
 public:
  // The pools without their replicas, which are added one by one; at least one.
  struct Config {
    std::vector<PoolSettings> pools = std::vector<PoolSettings>(1);
    std::vector<RouteSettings> routes = {{.model = "*", .pool = "default"}};  // their pools are among those
    balance::ClientTimeouts client;
  };
  [[nodiscard]] static Config config_of(const Settings& settings);

  // One pool as it is served.
  struct PoolState {
    PoolSettings settings;                          // its replicas are members()
    std::uint32_t id = 0;                           // of its totals in the accounts
    std::unique_ptr<balance::RingBuilder> builder;  // none when the strategy has no ring
    std::shared_ptr<const balance::Ring> ring;      // of the last build(), over the pickable replicas
    std::vector<balance::ReplicaRef> ring_order;    // its members, in the order that the ring numbers them
  };

  // All that is handed in outlives the registry. `residency` is told of replicas that begin with an empty cache; null
  // where nobody remembers anything.
  Registry(const Config& config, balance::Accounts& accounts, Qsbr& qsbr, balance::Residency* residency = nullptr);

  // Into the pool that the spec names. A replica with a literal address has its endpoint at once; another waits for
  // set_endpoints(). The error is one clear line: the name is taken, there is no such pool, or no id is free.
  [[nodiscard]] std::expected<balance::ReplicaRef, std::string> add(const ReplicaSpec& spec,
                                                                    Health health = Health::assumed);
  // The others answer whether there is such a replica.
  [[nodiscard]] bool remove(std::string_view name);
  [[nodiscard]] bool set_weight(std::string_view name, std::uint32_t weight);
  [[nodiscard]] bool set_endpoints(std::string_view name, std::vector<Endpoint> endpoints);
  [[nodiscard]] bool set_draining(std::string_view name, bool draining);
  [[nodiscard]] bool set_health(std::string_view name, Health health);
  // What a change of the settings came to.
  struct Change {
    std::vector<ReplicaSpec> added;
    std::vector<std::string> removed;
    std::vector<std::string> rechecked;  // stay, and are checked in another way from now on
  };
  // Makes pools, routes and times those of `to` and the replicas the wanted ones, all of it or nothing. Pools and
  // replicas that stay keep their ids. The error is one line. In reconfigure.cc.
  [[nodiscard]] std::expected<Change, std::string> reconfigure(const Settings& to, std::span<const ReplicaSpec> wanted);
  // The daemon stops: every Snapshot from now on says so.
  void set_draining() { draining_ = true; }
  // It will stop soon: readiness says so, and all else goes on.
  void set_leaving() { leaving_soon_ = true; }
  // Whether new clients should come: the daemon does not leave, and some pool can serve.
  [[nodiscard]] bool ready() const { return !leaving_soon_ && !draining_ && pickable() > 0; }
  [[nodiscard]] bool leaving() const { return leaving_soon_ || draining_; }

  // A Snapshot of what there is now, with the next version. The caller publishes it, then calls published(). Where a
  // pool could pick nobody, its replicas that are not judged yet are taken as up.
  [[nodiscard]] std::unique_ptr<const balance::Snapshot> build();
  // Ids that left before the last build() begin their grace period.
  void published();
  // Frees ids whose time has come; returns how many still wait.
  std::size_t recycle();

  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  [[nodiscard]] const Member* find(std::string_view name) const;
  [[nodiscard]] std::size_t pickable() const;
  [[nodiscard]] bool draining() const { return draining_; }
  [[nodiscard]] std::uint64_t version() const { return version_; }
  [[nodiscard]] const std::vector<PoolState>& pools() const { return pools_; }
  // Null when there is none of that name; an empty one is the first pool's.
  [[nodiscard]] const PoolState* find_pool(std::string_view name) const;
  // How the members of a pool, which is there, are to be checked.
  [[nodiscard]] const HealthPolicy& health_policy(std::string_view pool) const {
    return find_pool(pool)->settings.health;
  }

 private:
  [[nodiscard]] Member* find_member(std::string_view name);
  [[nodiscard]] std::expected<void, std::string> check_room(const Settings& to,
                                                            std::span<const ReplicaSpec> wanted) const;
  [[nodiscard]] std::uint32_t take_pool_id();
  void replace_pools(const Settings& to);
  void replace_members(std::span<const ReplicaSpec> wanted, Change& change);
  void trust_untried();
  void fill_pools(balance::Snapshot& snapshot) const;
  void fill_routes(balance::Snapshot& snapshot) const;
  void build_rings(balance::Snapshot& snapshot);

  balance::Accounts& accounts_;
  Qsbr& qsbr_;
  balance::Residency* residency_;
  std::vector<PoolState> pools_;  // in the order of the settings
  std::vector<RouteSettings> routes_;
  balance::ClientTimeouts client_;
  std::vector<Member> members_;  // in the order they were added
  IdSpace ids_;
  IdSpace pool_ids_;
  std::vector<std::uint32_t> generations_;  // by id: the last one handed out
  std::uint64_t version_ = 0;
  bool draining_ = false;
  bool leaving_soon_ = false;
};

}  // namespace wp::control
