#include "controlplane/fleet.h"

#include <vector>

#include "controlplane/log.h"

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
  const Member* member = registry_.find(spec.name);
  const HealthPolicy& policy = registry_.health_policy(member->spec.pool);
  if (policy.enabled) prober_.watch({spec.name, spec.authority, member->endpoints}, policy);
  if (!spec.literal) resolver_.watch(spec.name, spec.host, spec.port);
}

void Fleet::publish() {
  publisher_.publish(registry_.build());
  registry_.published();
  reclaimer_.changed();
}

FleetResult Fleet::changed(bool found, const std::string& name, const std::string& what) {
  if (!found) return std::unexpected(FleetError{FleetFault::unknown, "there is no replica " + name});
  publish();
  log::info("replica " + name + what);
  return {};
}

FleetResult Fleet::start(std::span<const ReplicaSpec> specs) {
  for (const ReplicaSpec& spec : specs) {
    const auto added = registry_.add(spec);
    if (!added) return std::unexpected(FleetError{FleetFault::conflict, added.error()});
  }
  publish();
  for (const ReplicaSpec& spec : specs) watch(spec);
  return {};
}

// A replica of a pool that is not there is refused anyway.
Health Fleet::first_health(const ReplicaSpec& spec) const {
  const bool checked = registry_.find_pool(spec.pool) != nullptr && registry_.health_policy(spec.pool).enabled;
  return checked ? Health::untried : Health::assumed;
}

FleetResult Fleet::add(const ReplicaSpec& spec) {
  const bool taken = registry_.find(spec.name) != nullptr;
  const auto added = registry_.add(spec, first_health(spec));
  if (!added) return std::unexpected(FleetError{taken ? FleetFault::conflict : FleetFault::full, added.error()});
  const FleetResult result = changed(true, spec.name, " added, weight " + std::to_string(spec.weight));
  watch(spec);
  return result;
}

FleetResult Fleet::remove(const std::string& name) {
  resolver_.forget(name);
  prober_.forget(name);
  return changed(registry_.remove(name), name, " removed");
}

FleetResult Fleet::set_weight(const std::string& name, std::uint32_t weight) {
  return changed(registry_.set_weight(name, weight), name, " has weight " + std::to_string(weight));
}

FleetResult Fleet::drain(const std::string& name) {
  return changed(registry_.set_draining(name, true), name, " drains");
}

FleetResult Fleet::undrain(const std::string& name) {
  return changed(registry_.set_draining(name, false), name, " drains no more");
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
