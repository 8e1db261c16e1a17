// The half of Registry that takes new settings: everything is checked first, then nothing can fail.
#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "controlplane/registry.h"
#include "dataplane/base/assert.h"

namespace wp::control {
namespace {

bool has_pool(const Settings& settings, std::string_view name) {
  return std::ranges::any_of(settings.pools, [&](const PoolSettings& pool) { return pool.name == name; });
}

// An empty one is the first.
std::string_view pool_of(const Settings& settings, const ReplicaSpec& spec) {
  return spec.pool.empty() ? std::string_view(settings.pools.front().name) : std::string_view(spec.pool);
}

// The wanted replicas by themselves.
std::expected<void, std::string> check_wanted(const Settings& to, std::span<const ReplicaSpec> wanted) {
  std::map<std::uint64_t, std::string_view> identities;
  for (const ReplicaSpec& spec : wanted) {
    if (!has_pool(to, pool_of(to, spec))) {
      return std::unexpected("the pool '" + spec.pool + "' is gone, but the replica " + spec.name +
                             " was added to it at run time: remove that first");
    }
    const auto [other, fresh] = identities.emplace(balance::ring_identity(spec.name), spec.name);
    if (fresh) continue;
    return std::unexpected("the names " + spec.name + " and " + std::string(other->second) +
                           " collide on the ring: rename one");
  }
  return {};
}

}  // namespace

std::expected<void, std::string> Registry::check_room(const Settings& to, std::span<const ReplicaSpec> wanted) const {
  const auto room = [](std::ptrdiff_t wanted_more, std::uint32_t room_left, std::uint32_t most,
                       const char* what) -> std::expected<void, std::string> {
    if (static_cast<std::uint64_t>(wanted_more) <= room_left) return {};
    return std::unexpected("no room for " + std::to_string(wanted_more) + " more " + what + ": " +
                           std::to_string(most) + " may be here or still finish their streams");
  };
  const auto replicas =
      std::ranges::count_if(wanted, [&](const ReplicaSpec& spec) { return find(spec.name) == nullptr; });
  if (auto good = room(replicas, ids_.room(), accounts_.max_replicas(), "replicas"); !good) return good;
  const auto pools =
      std::ranges::count_if(to.pools, [&](const PoolSettings& pool) { return find_pool(pool.name) == nullptr; });
  return room(pools, pool_ids_.room(), accounts_.max_pools(), "pools");
}

// A pool is the same when its name is: it keeps its totals and, if it has as many slots, its ring.
void Registry::replace_pools(const Settings& to) {
  std::vector<PoolState> next;
  for (const PoolSettings& settings : to.pools) {
    PoolState& state = next.emplace_back();
    state.settings = settings;
    state.settings.replicas.clear();
    const auto old = std::ranges::find_if(pools_, [&](const PoolState& p) { return p.settings.name == settings.name; });
    if (old == pools_.end()) {
      state.id = take_pool_id();
      continue;
    }
    state.id = old->id;
    if (old->settings.ring_slots == settings.ring_slots) state.builder = std::move(old->builder);
  }
  for (const PoolState& old : pools_) {
    if (!has_pool(to, old.settings.name)) pool_ids_.leave(old.id);
  }
  pools_ = std::move(next);
  routes_ = all_routes(to);
  client_ = to.client;
}

void Registry::replace_members(std::span<const ReplicaSpec> wanted, Change& change) {
  for (const Member& member : members_) {
    const bool stays = std::ranges::find(wanted, member.spec.name, &ReplicaSpec::name) != wanted.end();
    if (!stays) change.removed.push_back(member.spec.name);
  }
  for (const std::string& name : change.removed) static_cast<void>(remove(name));
  for (const ReplicaSpec& spec : wanted) {
    const std::string& pool = find_pool(spec.pool)->settings.name;
    if (Member* member = find_member(spec.name)) {
      member->spec.weight = spec.weight;
      member->spec.priority = spec.priority;
      member->spec.kv_events = spec.kv_events;
      member->spec.kv_replay = spec.kv_replay;
      member->spec.pool = pool;
      if (residency_ != nullptr) residency_->set_capacity(member->ref.id, find_pool(pool)->settings.kv_tokens);
      continue;
    }
    const auto added = add(spec, health_policy(pool).enabled ? Health::untried : Health::assumed);
    WP_ASSERT(added.has_value());  // as check_room() and check_wanted() found
    change.added.push_back(spec);
  }
}

std::expected<Registry::Change, std::string> Registry::reconfigure(const Settings& to,
                                                                   std::span<const ReplicaSpec> wanted) {
  recycle();
  if (auto good = check_wanted(to, wanted); !good) return std::unexpected(std::move(good.error()));
  if (auto good = check_room(to, wanted); !good) return std::unexpected(std::move(good.error()));

  std::map<std::uint32_t, HealthPolicy> policies;  // of the members, by id
  for (const Member& member : members_) policies.emplace(member.ref.id, health_policy(member.spec.pool));
  Change change;
  replace_pools(to);
  replace_members(wanted, change);
  for (Member& member : members_) {
    const HealthPolicy& policy = health_policy(member.spec.pool);
    const auto old = policies.find(member.ref.id);
    if (old == policies.end() || old->second == policy) continue;
    change.rechecked.push_back(member.spec.name);
    if (!policy.enabled) member.health = Health::assumed;
  }
  return change;
}

}  // namespace wp::control
