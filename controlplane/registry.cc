#include "controlplane/registry.h"

#include <algorithm>
#include <utility>

#include "controlplane/model_list.h"
#include "dataplane/balance/seal.h"
#include "dataplane/base/assert.h"

namespace wp::control {

using balance::ReplicaRef;
using balance::ReplicaState;
using balance::Snapshot;

balance::ReplicaState Member::state() const {
  if (draining) return ReplicaState::draining;
  switch (health) {
    case Health::assumed:
    case Health::up: return ReplicaState::up;
    case Health::untried:
    case Health::starting: return ReplicaState::starting;
    case Health::down: return ReplicaState::down;
  }
  return ReplicaState::down;
}

Registry::Config Registry::config_of(const Settings& settings) {
  Config config;
  config.pools = settings.pools;
  config.routes = all_routes(settings);
  config.client = settings.client;
  return config;
}

Registry::Registry(const Config& config, balance::Accounts& accounts, Qsbr& qsbr, balance::Residency* residency)
    : accounts_(accounts),
      qsbr_(qsbr),
      residency_(residency),
      routes_(config.routes),
      client_(config.client),
      ids_(accounts.max_replicas()),
      pool_ids_(accounts.max_pools()),
      generations_(accounts.max_replicas()) {
  WP_ASSERT(!config.pools.empty() && config.pools.size() <= accounts.max_pools());
  for (const PoolSettings& settings : config.pools) {
    PoolState& pool = pools_.emplace_back();
    pool.settings = settings;
    pool.settings.replicas.clear();
    pool.id = take_pool_id();
  }
}

// What replies said in an earlier pool of the id is not the new one's.
std::uint32_t Registry::take_pool_id() {
  const std::uint32_t id = pool_ids_.take().value();
  accounts_.forget_pool(id);
  return id;
}

Member* Registry::find_member(std::string_view name) {
  const auto found = std::ranges::find_if(members_, [&](const Member& m) { return m.spec.name == name; });
  return found == members_.end() ? nullptr : &*found;
}

const Member* Registry::find(std::string_view name) const {
  return const_cast<Registry*>(this)->find_member(name);
}

const Registry::PoolState* Registry::find_pool(std::string_view name) const {
  if (name.empty()) return &pools_.front();
  const auto found = std::ranges::find_if(pools_, [&](const PoolState& pool) { return pool.settings.name == name; });
  return found == pools_.end() ? nullptr : &*found;
}

std::size_t Registry::pickable() const {
  return static_cast<std::size_t>(std::ranges::count_if(members_, [](const Member& m) { return m.pickable(); }));
}

std::expected<ReplicaRef, std::string> Registry::add(const ReplicaSpec& spec, Health health) {
  if (find(spec.name) != nullptr) return std::unexpected("there is a replica " + spec.name + " already");
  const PoolState* pool = find_pool(spec.pool);
  if (pool == nullptr) return std::unexpected("there is no pool " + spec.pool);
  const std::uint64_t identity = balance::ring_identity(spec.name);
  for (const Member& other : members_) {
    if (balance::ring_identity(other.spec.name) == identity) {
      return std::unexpected("the names " + spec.name + " and " + other.spec.name + " collide on the ring: rename one");
    }
  }
  if (ids_.room() == 0) recycle();
  const auto id = ids_.take();
  if (!id) {
    return std::unexpected("no room for another replica: " + std::to_string(accounts_.max_replicas()) +
                           " are here or still finish their streams");
  }
  // 0 names nothing.
  if (++generations_[*id] == 0) generations_[*id] = 1;
  Member member;
  member.ref = {*id, generations_[*id]};
  member.spec = spec;
  member.health = health;
  member.spec.pool = pool->settings.name;
  if (spec.literal) member.endpoints.push_back(*spec.literal);
  member.charged_before = accounts_.charged(member.ref.id);
  member.released_before = accounts_.released(member.ref.id);
  members_.push_back(std::move(member));
  accounts_.forget_replica(*id);
  if (residency_ != nullptr) {
    residency_->wipe(*id);
    residency_->set_capacity(*id, pool->settings.kv_tokens);
  }
  return members_.back().ref;
}

bool Registry::remove(std::string_view name) {
  const Member* member = find(name);
  if (member == nullptr) return false;
  ids_.leave(member->ref.id);
  members_.erase(members_.begin() + (member - members_.data()));
  return true;
}

bool Registry::set_weight(std::string_view name, std::uint32_t weight) {
  WP_ASSERT(weight >= 1 && weight <= balance::kMaxWeight);
  Member* member = find_member(name);
  if (member != nullptr) member->spec.weight = weight;
  return member != nullptr;
}

bool Registry::set_endpoints(std::string_view name, std::vector<Endpoint> endpoints) {
  Member* member = find_member(name);
  if (member != nullptr) member->endpoints = std::move(endpoints);
  return member != nullptr;
}

bool Registry::set_draining(std::string_view name, bool draining) {
  Member* member = find_member(name);
  if (member != nullptr) member->draining = draining;
  return member != nullptr;
}

bool Registry::set_health(std::string_view name, Health health) {
  Member* member = find_member(name);
  if (member == nullptr) return false;
  // What was down has, as far as anyone knows, started anew.
  if (residency_ != nullptr && member->health == Health::down && health != Health::down) {
    residency_->wipe(member->ref.id);
    accounts_.tokens().restarted(member->ref.id);
  }
  member->health = health;
  ++member->health_changes[static_cast<std::size_t>(health)];
  return true;
}

// For good: were they to wait again as soon as one of them is judged, that one would get the traffic of all.
void Registry::trust_untried() {
  for (const PoolState& pool : pools_) {
    const auto here = [&](const Member& member) { return member.spec.pool == pool.settings.name; };
    if (std::ranges::any_of(members_, [&](const Member& member) { return here(member) && member.pickable(); }))
      continue;
    for (Member& member : members_) {
      if (here(member) && member.health == Health::untried) member.health = Health::assumed;
    }
  }
}

void Registry::fill_pools(Snapshot& snapshot) const {
  for (const PoolState& state : pools_) {
    balance::Pool& pool = snapshot.pools.emplace_back();
    pool.name = state.settings.name;
    pool.id = state.id;
    pool.strategy = state.settings.strategy;
    pool.bounds = state.settings.bounds;
    pool.timeouts = state.settings.timeouts;
    pool.ask_usage = state.settings.ask_usage;
  }
  for (const Member& member : members_) {
    const auto index = static_cast<std::uint16_t>(snapshot.replicas.size());
    snapshot.pools[static_cast<std::size_t>(find_pool(member.spec.pool) - pools_.data())].members.push_back(index);
    snapshot.replicas.push_back({.ref = member.ref,
                                 .weight = member.spec.weight,
                                 .priority = member.spec.priority,
                                 .state = member.state(),
                                 .name = member.spec.name,
                                 .authority = member.spec.authority,
                                 .endpoints = member.endpoints});
  }
}

void Registry::fill_routes(Snapshot& snapshot) const {
  for (const RouteSettings& route : routes_) {
    const PoolState* pool = find_pool(route.pool);
    WP_ASSERT(pool != nullptr);
    snapshot.routes.push_back({.model = route.model, .pool = static_cast<std::uint32_t>(pool - pools_.data())});
  }
}

void Registry::build_rings(Snapshot& snapshot) {
  for (std::size_t i = 0; i < pools_.size(); ++i) {
    PoolState& state = pools_[i];
    balance::Pool& sealed = snapshot.pools[i];
    state.ring_order.clear();
    if (!with_ring(sealed.strategy)) {
      state.builder.reset();
      state.ring.reset();
      continue;
    }
    if (!state.builder) state.builder = std::make_unique<balance::RingBuilder>(state.settings.ring_slots);
    const bool assigned = state.builder->assign(balance::ring_members(snapshot, sealed));
    WP_ASSERT(assigned);  // add() let no two of the same identity in
    state.ring = state.builder->build();
    sealed.ring = state.ring;
    for (const std::uint16_t index : sealed.pickable) state.ring_order.push_back(snapshot.replicas[index].ref);
  }
}

std::unique_ptr<const Snapshot> Registry::build() {
  trust_untried();
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->version = ++version_;
  snapshot->draining = draining_;
  snapshot->ready = ready();
  snapshot->client = client_;
  fill_pools(*snapshot);
  fill_routes(*snapshot);
  snapshot->models = model_list(routes_);
  balance::seal(*snapshot);
  build_rings(*snapshot);
  return snapshot;
}

void Registry::published() {
  ids_.published(qsbr_);
  pool_ids_.published(qsbr_);
}

std::size_t Registry::recycle() {
  const auto empty = [](const balance::Load& load) { return load.streams == 0 && load.prefill == 0; };
  return ids_.recycle(qsbr_, [&](std::uint32_t id) { return empty(accounts_.load(id)); }) +
         pool_ids_.recycle(qsbr_, [&](std::uint32_t id) { return empty(accounts_.total(id)); });
}

}  // namespace wp::control
