#include "controlplane/overlay.h"

#include <algorithm>
#include <utility>

namespace wp::control {

const ReplicaSpec* Overlay::configured(std::string_view name) const {
  const auto found = std::ranges::find_if(configured_, [&](const ReplicaSpec& spec) { return spec.name == name; });
  return found == configured_.end() ? nullptr : &*found;
}

const Change* Overlay::find(std::string_view name) const {
  const auto found = changes_.find(name);
  return found == changes_.end() ? nullptr : &found->second;
}

void Overlay::tidy(const std::string& name) {
  const auto found = changes_.find(name);
  if (found != changes_.end() && found->second.empty()) changes_.erase(found);
}

void Overlay::configure(std::span<const ReplicaSpec> configured) {
  configured_.assign(configured.begin(), configured.end());
  for (const ReplicaSpec& spec : configured_) {
    const auto found = changes_.find(spec.name);
    if (found == changes_.end()) continue;
    found->second.added.reset();
    if (found->second.weight == spec.weight) found->second.weight = 0;
    tidy(spec.name);
  }
}

std::string Overlay::objection(const ReplicaSpec& spec) const {
  const ReplicaSpec* ours = configured(spec.name);
  if (ours == nullptr) return {};
  if (ours->priority == spec.priority && (spec.pool.empty() || spec.pool == ours->pool)) return {};
  return "the configuration has " + spec.name + " in the pool " + ours->pool + " with priority " +
         std::to_string(ours->priority) +
         ": change it there, or bring it back as it is with: warmpathctl replicas reset " + spec.name;
}

void Overlay::add(const ReplicaSpec& spec) {
  Change change;
  if (const ReplicaSpec* ours = configured(spec.name)) {
    change.weight = spec.weight == ours->weight ? 0 : spec.weight;
  } else {
    change.added = spec;
  }
  changes_[spec.name] = std::move(change);
  tidy(spec.name);
}

void Overlay::remove(const std::string& name) {
  changes_.erase(name);
  if (configured(name) != nullptr) changes_[name].removed = true;
}

void Overlay::set_weight(const std::string& name, std::uint32_t weight) {
  Change& change = changes_[name];
  const ReplicaSpec* ours = configured(name);
  if (change.added) {
    change.added->weight = weight;
  } else {
    change.weight = ours != nullptr && ours->weight == weight ? 0 : weight;
  }
  tidy(name);
}

void Overlay::set_drained(const std::string& name, bool drained) {
  changes_[name].drained = drained;
  tidy(name);
}

bool Overlay::reset(std::string_view name) {
  const auto found = changes_.find(name);
  if (found == changes_.end()) return false;
  changes_.erase(found);
  return true;
}

std::vector<WantedReplica> Overlay::wanted() const {
  std::vector<WantedReplica> wanted;
  for (const ReplicaSpec& spec : configured_) {
    const Change* change = find(spec.name);
    if (change != nullptr && change->removed) continue;
    WantedReplica& replica = wanted.emplace_back(spec, change != nullptr && change->drained);
    if (change != nullptr && change->weight != 0) replica.spec.weight = change->weight;
  }
  for (const auto& [name, change] : changes_) {
    if (change.added) wanted.push_back({*change.added, change.drained});
  }
  return wanted;
}

std::vector<std::string> Overlay::dormant() const {
  std::vector<std::string> names;
  for (const auto& [name, change] : changes_) {
    if (!change.added && configured(name) == nullptr) names.push_back(name);
  }
  return names;
}

}  // namespace wp::control
