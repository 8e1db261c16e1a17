#include "controlplane/fleet.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "controlplane/log.h"
#include "controlplane/overlay_text.h"
#include "dataplane/base/assert.h"

namespace wp::control {

Fleet::Fleet(boost::asio::io_context& io, Registry& registry, Publisher& publisher, Duration resolve_interval,
             Prober::Now now, std::uint64_t seed)
    : registry_(registry),
      publisher_(publisher),
      reclaimer_(io, publisher, registry),
      resolver_(
          io, resolve_interval,
          [this](const std::string& name, const std::vector<Endpoint>& endpoints) { on_endpoints(name, endpoints); }),
      prober_(io, now, seed,
              [this](const std::string& name, Health health, CheckResult why) { on_health(name, health, why); }) {}

void Fleet::on_endpoints(const std::string& name, const std::vector<Endpoint>& endpoints) {
  if (!registry_.set_endpoints(name, endpoints)) return;
  publish();
  prober_.set_endpoints(name, endpoints);
  std::string line = "replica " + name + " is at";
  for (const Endpoint& endpoint : endpoints) line += " " + wp::to_string(endpoint);
  log::info(line);
}

void Fleet::on_health(const std::string& name, Health health, CheckResult why) {
  if (!registry_.set_health(name, health)) return;
  publish();
  const std::string line =
      "replica " + name + " is " + std::string(word(health)) + " (check: " + std::string(word(why)) + ")";
  if (health == Health::down) {
    log::warn(line + "; " + std::to_string(registry_.pickable()) + " can be picked");
  } else {
    log::info(line);
  }
}

void Fleet::watch(const ReplicaSpec& spec) {
  watch_health(spec.name);
  if (!spec.literal) resolver_.watch(spec.name, spec.host, spec.port);
}

void Fleet::watch_health(const std::string& name) {
  const Member* member = registry_.find(name);
  const HealthPolicy& policy = registry_.health_policy(member->spec.pool);
  if (!policy.enabled) return prober_.forget(name);
  if (!prober_.set_policy(name, policy)) prober_.watch({name, member->spec.authority, member->endpoints}, policy);
}

void Fleet::publish() {
  publisher_.publish(registry_.build());
  registry_.published();
  reclaimer_.changed();
}

FleetResult Fleet::changed(bool found, const std::string& name, const std::string& what) {
  if (!found) return std::unexpected(FleetError{FleetFault::unknown, "there is no replica " + name});
  publish();
  save();
  log::info("replica " + name + what);
  return {};
}

void Fleet::remember(Changes changes, StateWriter* keeper) {
  overlay_ = Overlay(std::move(changes));
  keeper_ = keeper;
}

void Fleet::save() {
  if (keeper_ != nullptr) keeper_->write(overlay_.changes());
}

std::string Fleet::unsaved() const {
  if (keeper_ == nullptr || keeper_->trouble().empty()) return {};
  return "this holds only until warmpathd is started anew: " + keeper_->trouble();
}

FleetResult Fleet::join(const ReplicaSpec& spec, Health health) {
  const bool taken = registry_.find(spec.name) != nullptr;
  const auto added = registry_.add(spec, health);
  if (added) return {};
  return std::unexpected(FleetError{taken ? FleetFault::conflict : FleetFault::full, added.error()});
}

bool Fleet::leave(const std::string& name) {
  resolver_.forget(name);
  prober_.forget(name);
  return registry_.remove(name);
}

FleetResult Fleet::start(std::span<const ReplicaSpec> specs) {
  overlay_.configure(specs);
  const std::vector<WantedReplica> wanted = overlay_.wanted();
  for (const auto& [spec, drained] : wanted) {
    if (auto joined = join(spec, Health::assumed); !joined) {
      const Change* change = overlay_.find(spec.name);
      if (change == nullptr || !change->added) return joined;
      std::string line = "replica ";
      line.append(spec.name).append(" was added at run time and is left out: ").append(joined.error().text);
      log::error(line.append("; forget it with: warmpathctl replicas reset ").append(spec.name));
      continue;
    }
    const bool set = registry_.set_draining(spec.name, drained);
    WP_ASSERT(set);
  }
  publish();
  for (const auto& [spec, drained] : wanted) {
    if (registry_.find(spec.name) != nullptr) watch(spec);
  }
  if (!overlay_.changes().empty()) {
    log::info(std::to_string(overlay_.changes().size()) +
              " replicas are changed at run time; see: warmpathctl replicas list");
  }
  for (const std::string& name : overlay_.dormant()) {
    std::string line = "replica ";
    line.append(name).append(" was changed at run time and is no longer configured; forget it with: ");
    log::warn(line.append("warmpathctl replicas reset ").append(name));
  }
  return {};
}

// A replica of a pool that is not there is refused anyway.
Health Fleet::first_health(const ReplicaSpec& spec) const {
  const bool checked = registry_.find_pool(spec.pool) != nullptr && registry_.health_policy(spec.pool).enabled;
  return checked ? Health::untried : Health::assumed;
}

// Which pool is meant where none is named is decided here, once: no reload and no restart changes it.
FleetResult Fleet::add(const ReplicaSpec& asked) {
  ReplicaSpec spec = asked;
  if (spec.pool.empty()) {
    const ReplicaSpec* ours = overlay_.configured(spec.name);
    spec.pool = ours != nullptr ? ours->pool : registry_.find_pool("")->settings.name;
  }
  if (std::string objection = overlay_.objection(spec); !objection.empty()) {
    return std::unexpected(FleetError{FleetFault::conflict, std::move(objection)});
  }
  if (auto joined = join(spec, first_health(spec)); !joined) return joined;
  overlay_.add(spec);
  const FleetResult result = changed(true, spec.name, " added, weight " + std::to_string(spec.weight));
  watch(spec);
  return result;
}

FleetResult Fleet::remove(const std::string& name) {
  const bool found = leave(name);
  if (found) overlay_.remove(name);
  return changed(found, name, " removed");
}

FleetResult Fleet::reconfigure(const Settings& to) {
  Overlay next = overlay_;
  next.configure(all_replicas(to));
  const std::vector<WantedReplica> wanted = next.wanted();
  std::vector<ReplicaSpec> specs;
  specs.reserve(wanted.size());
  for (const WantedReplica& replica : wanted) specs.push_back(replica.spec);
  const auto change = registry_.reconfigure(to, specs);
  if (!change) return std::unexpected(FleetError{FleetFault::conflict, change.error()});
  const bool differs = state_text(next.changes()) != state_text(overlay_.changes());
  overlay_ = std::move(next);
  for (const auto& [spec, drained] : wanted) {
    const bool set = registry_.set_draining(spec.name, drained);
    WP_ASSERT(set);
  }
  for (const std::string& name : change->removed) {
    resolver_.forget(name);
    prober_.forget(name);
  }
  publish();
  if (differs) save();
  for (const ReplicaSpec& spec : change->added) watch(spec);
  for (const std::string& name : change->rechecked) watch_health(name);
  return {};
}

FleetResult Fleet::set_weight(const std::string& name, std::uint32_t weight) {
  const bool found = registry_.set_weight(name, weight);
  if (found) overlay_.set_weight(name, weight);
  return changed(found, name, " has weight " + std::to_string(weight));
}

FleetResult Fleet::drain(const std::string& name) {
  return set_drained(name, true);
}

FleetResult Fleet::undrain(const std::string& name) {
  return set_drained(name, false);
}

FleetResult Fleet::set_drained(const std::string& name, bool drained) {
  const bool found = registry_.set_draining(name, drained);
  if (found) overlay_.set_drained(name, drained);
  return changed(found, name, drained ? " drains" : " drains no more");
}

FleetResult Fleet::reset(const std::string& name) {
  if (!overlay_.reset(name)) {
    return std::unexpected(FleetError{FleetFault::unknown, "nothing of " + name + " was changed at run time"});
  }
  log::info("replica " + name + " is as it is configured again");
  return converge();
}

FleetResult Fleet::reset_all() {
  const Changes changes = overlay_.changes();
  for (const auto& [name, change] : changes) overlay_.reset(name);
  log::info("all replicas are as they are configured again");
  return converge();
}

// Replicas that should not be there, or not like this: what is to differ in more than its weight comes back anew.
void Fleet::drop_unwanted(std::span<const WantedReplica> wanted) {
  std::vector<std::string> leaving;
  for (const Member& member : registry_.members()) {
    const bool stays = std::ranges::any_of(wanted, [&](const WantedReplica& replica) {
      return replica.spec.name == member.spec.name && replica.spec.priority == member.spec.priority &&
             registry_.find_pool(replica.spec.pool) == registry_.find_pool(member.spec.pool);
    });
    if (!stays) leaving.push_back(member.spec.name);
  }
  for (const std::string& name : leaving) {
    leave(name);
    log::info("replica " + name + " removed");
  }
}

// Makes the members those that the overlay wants, in one Snapshot. What cannot join is left out, and the last of these
// is the error.
FleetResult Fleet::converge() {
  FleetResult result;
  const std::vector<WantedReplica> wanted = overlay_.wanted();
  drop_unwanted(wanted);
  std::vector<ReplicaSpec> joined;
  for (const auto& [spec, drained] : wanted) {
    if (registry_.find(spec.name) == nullptr) {
      if (auto added = join(spec, first_health(spec)); !added) {
        log::error(added.error().text);
        result = std::move(added);
        continue;
      }
      log::info("replica " + spec.name + " added, weight " + std::to_string(spec.weight));
      joined.push_back(spec);
    }
    const bool set = registry_.set_weight(spec.name, spec.weight) && registry_.set_draining(spec.name, drained);
    WP_ASSERT(set);
  }
  publish();
  save();
  for (const ReplicaSpec& spec : joined) watch(spec);
  return result;
}

void Fleet::leave() {
  registry_.set_leaving();
  publish();
}

void Fleet::drain_all() {
  registry_.set_draining();
  publish();
}

}  // namespace wp::control
