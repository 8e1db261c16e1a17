#include "controlplane/overlay_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/admin_body.h"
#include "dataplane/balance/ring.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;
using Failure = std::optional<std::string>;

constexpr std::string_view kFormat = "warmpath-state";
constexpr std::uint64_t kVersion = 1;

Failure only_keys(const Json& object, std::span<const std::string_view> known) {
  if (!object.is_object()) return "an object is wanted";
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) == known.end()) return "unknown key '" + key + "'";
  }
  return {};
}

// `true` or absent, as it is written.
bool read_flag(const Json& json, const char* key, bool& value) {
  const auto found = json.find(key);
  if (found == json.end()) return true;
  if (!found->is_boolean()) return false;
  value = found->get<bool>();
  return true;
}

bool read_port(const Json& json, const char* key, std::uint16_t& value) {
  std::uint32_t port = 0;
  if (!read_integer(json, key, 1, UINT16_MAX, port)) return false;
  value = static_cast<std::uint16_t>(port);
  return true;
}

Failure read_added(const std::string& name, const Json& json, ReplicaSpec& spec) {
  constexpr std::array<std::string_view, 5> kKeys = {"weight", "priority", "pool", "kv_events", "kv_replay"};
  if (Failure failure = only_keys(json, kKeys)) return failure;
  auto parsed = parse_replica_spec(name);
  if (!parsed || parsed->name != name) return "not the name of a replica";
  spec = std::move(*parsed);
  std::uint32_t priority = 0;
  if (!read_integer(json, "weight", 1, balance::kMaxWeight, spec.weight)) return "a weight from 1 to 1000 is wanted";
  if (!read_integer(json, "priority", 0, kMaxPriority, priority)) return "a priority from 0 to 255 is wanted";
  spec.priority = static_cast<std::uint8_t>(priority);
  if (!read_port(json, "kv_events", spec.kv_events) || !read_port(json, "kv_replay", spec.kv_replay)) {
    return "a port is wanted";
  }
  if (!read_string(json, "pool", spec.pool)) return "the name of a pool is wanted";
  return {};
}

Failure read_change(const std::string& name, const Json& json, Change& change) {
  constexpr std::array<std::string_view, 4> kKeys = {"added", "removed", "drained", "weight"};
  if (Failure failure = only_keys(json, kKeys)) return failure;
  if (!read_flag(json, "removed", change.removed)) return "'removed' is true or false";
  if (!read_flag(json, "drained", change.drained)) return "'drained' is true or false";
  if (!read_integer(json, "weight", 1, balance::kMaxWeight, change.weight)) return "a weight from 1 to 1000 is wanted";
  const auto added = json.find("added");
  if (added == json.end()) return {};
  return read_added(name, *added, change.added.emplace());
}

}  // namespace

Json changes_json(const Changes& changes) {
  Json all = Json::object();
  for (const auto& [name, change] : changes) {
    Json one = Json::object();
    if (change.added) {
      Json& added = one["added"] = {{"weight", change.added->weight}, {"priority", change.added->priority}};
      if (!change.added->pool.empty()) added["pool"] = change.added->pool;
      if (change.added->kv_events != 0) added["kv_events"] = change.added->kv_events;
      if (change.added->kv_replay != 0) added["kv_replay"] = change.added->kv_replay;
    }
    if (change.removed) one["removed"] = true;
    if (change.drained) one["drained"] = true;
    if (change.weight != 0) one["weight"] = change.weight;
    all[name] = std::move(one);
  }
  return all;
}

std::string state_text(const Changes& changes) {
  const Json state = {{"format", kFormat}, {"version", kVersion}, {"replicas", changes_json(changes)}};
  return state.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::expected<Changes, std::string> read_state(std::string_view text) {
  constexpr std::array<std::string_view, 3> kKeys = {"format", "version", "replicas"};
  const Json state = Json::parse(text, nullptr, false);
  if (!state.is_object() || state.value("format", Json()) != kFormat) {
    return std::unexpected("it is no state of warmpathd");
  }
  const Json version = state.value("version", Json());
  if (version != kVersion) {
    return std::unexpected("it is of version " + version.dump() + ", and this warmpathd knows version " +
                           std::to_string(kVersion));
  }
  if (const Failure failure = only_keys(state, kKeys)) return std::unexpected(*failure);
  const Json replicas = state.value("replicas", Json());
  if (!replicas.is_object()) return std::unexpected("it has no 'replicas'");
  Changes changes;
  for (const auto& [name, json] : replicas.items()) {
    if (const Failure failure = read_change(name, json, changes[name])) {
      return std::unexpected("replica '" + name + "': " + *failure);
    }
  }
  return changes;
}

}  // namespace wp::control
