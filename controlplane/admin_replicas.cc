#include "controlplane/admin_replicas.h"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/admin_body.h"
#include "controlplane/admin_reports.h"
#include "controlplane/clock.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

// How it differs from the configuration, a word each.
Json changed_words(const Change* change) {
  Json words = Json::array();
  if (change == nullptr) return words;
  if (change->added) words.push_back("added");
  if (change->drained) words.push_back("drained");
  if (change->weight != 0) words.push_back("weight");
  return words;
}

// Where its engine's metrics are; null where nobody is to read them.
Json metrics_path(const Registry& registry, const Member& member) {
  const std::string& path = registry.find_pool(member.spec.pool)->settings.metrics_path;
  return path.empty() ? Json() : Json(path);
}

// Where its engine publishes KV events; null where nobody is to read them.
Json kv_ports(const ReplicaSpec& spec, balance::Strategy strategy) {
  if (strategy != balance::Strategy::kv || spec.kv_events == 0) return {};
  return {{"events", spec.kv_events}, {"replay", spec.kv_replay}};
}

AdminReply with_warning(const Fleet& fleet, Json reply) {
  if (std::string warning = fleet.unsaved(); !warning.empty()) reply["warning"] = std::move(warning);
  return json_reply(200, reply);
}

}  // namespace

AdminReply once_saved(Fleet& fleet, std::function<AdminReply()> answer) {
  if (!fleet.saving()) return answer();
  AdminReply reply;
  reply.later = [&fleet, answer = std::move(answer)](std::function<void(AdminReply)> send) {
    fleet.when_saved([answer, send = std::move(send)] { send(answer()); });
  };
  return reply;
}

AdminReply fleet_failure(const FleetError& error) {
  switch (error.fault) {
    case FleetFault::unknown: return admin_error(404, error.text);
    case FleetFault::conflict: return admin_error(409, error.text);
    case FleetFault::full: return admin_error(503, error.text);
  }
  return admin_error(500, error.text);
}

AdminReply AdminReplicas::handle(const AdminRequest& request, std::string_view rest) {
  if (rest.empty()) {
    if (request.reads()) return list();
    if (!request.may_change) return method_not_allowed("GET, HEAD");
    return request.method == "POST" ? add(request.body) : method_not_allowed("GET, HEAD, POST");
  }
  if (!request.may_change && !request.reads()) return control_only();
  const std::size_t slash = rest.find('/');
  const auto name = percent_decode(rest.substr(0, slash));
  if (!name) return admin_error(400, "a broken escape in the path");
  if (slash == std::string_view::npos) return on_replica(request, *name);
  const std::string_view verb = rest.substr(slash + 1);
  if (verb != "drain" && verb != "undrain" && verb != "weight") {
    return admin_error(404, "unknown path; a replica can be sent drain, undrain and weight");
  }
  if (request.method != "POST") return method_not_allowed("POST");
  return change(verb, *name, request.body);
}

Json AdminReplicas::describe(const Member& member) const {
  const balance::Load load = accounts_.load(member.ref.id);
  Json addresses = Json::array();
  for (const Endpoint& endpoint : member.endpoints) addresses.push_back(wp::to_string(endpoint));
  Json json = {{"name", member.spec.name},
               {"generation", member.ref.generation},
               {"pool", member.spec.pool},
               {"state", balance::word(member.state())},
               {"health", word(member.health)},
               {"draining", member.draining},
               {"pickable", member.pickable()},
               {"weight", member.spec.weight},
               {"priority", member.spec.priority},
               {"addresses", std::move(addresses)},
               {"metrics_path", metrics_path(fleet_.registry(), member)},
               {"prefill_tokens", load.prefill},
               {"streams", load.streams},
               {"changed", changed_words(fleet_.overlay().find(member.spec.name))}};
  const balance::Strategy strategy = fleet_.registry().find_pool(member.spec.pool)->settings.strategy;
  json["kv_events"] = kv_ports(member.spec, strategy);
  describe_knowledge(reports_, member.ref, strategy, monotonic_now(), json);
  return json;
}

AdminReply AdminReplicas::list() const {
  Json list = Json::array();
  for (const Member& member : fleet_.registry().members()) list.push_back(describe(member));
  Json removed = Json::array();
  for (const auto& [name, change] : fleet_.overlay().changes()) {
    if (change.removed) removed.push_back(name);
  }
  return json_reply(200, {{"removed", std::move(removed)},
                          {"dormant", fleet_.overlay().dormant()},
                          {"strategy", balance::word(fleet_.registry().pools().front().settings.strategy)},
                          {"snapshot", fleet_.registry().version()},
                          {"replicas", std::move(list)}});
}

AdminReply AdminReplicas::one(const std::string& name) const {
  const Member* member = fleet_.registry().find(name);
  if (member == nullptr) return admin_error(404, "there is no replica " + name);
  return with_warning(fleet_, describe(*member));
}

// As it is right after the change, whatever becomes of it until the answer goes out.
AdminReply AdminReplicas::changed(const std::string& name) {
  return once_saved(fleet_,
                    [this, reply = describe(*fleet_.registry().find(name))] { return with_warning(fleet_, reply); });
}

AdminReply AdminReplicas::add(std::string_view body) {
  constexpr std::array<std::string_view, 4> kKeys = {"url", "weight", "priority", "pool"};
  const auto json = read_object(body, kKeys);
  if (!json) return admin_error(400, json.error());
  std::string url;
  if (!read_string(*json, "url", url) || url.empty()) return admin_error(400, "'url' is wanted, as a string");
  auto spec = parse_replica_spec(url);
  if (!spec) return admin_error(400, spec.error());
  std::uint32_t priority = spec->priority;
  if (!read_integer(*json, "weight", 1, balance::kMaxWeight, spec->weight)) {
    return admin_error(400, "'weight' is a number from 1 to 1000");
  }
  if (!read_integer(*json, "priority", 0, kMaxPriority, priority)) {
    return admin_error(400, "'priority' is a number from 0 (first) to 255");
  }
  spec->priority = static_cast<std::uint8_t>(priority);
  if (!read_string(*json, "pool", spec->pool)) return admin_error(400, "'pool' is a string");
  if (fleet_.registry().find_pool(spec->pool) == nullptr) return admin_error(404, "there is no pool " + spec->pool);
  if (const FleetResult added = fleet_.add(*spec); !added) return fleet_failure(added.error());
  return changed(spec->name);
}

AdminReply AdminReplicas::on_replica(const AdminRequest& request, const std::string& name) {
  if (request.reads()) return one(name);
  if (request.method != "DELETE") return method_not_allowed("GET, HEAD, DELETE");
  if (const FleetResult removed = fleet_.remove(name); !removed) return fleet_failure(removed.error());
  return once_saved(fleet_, [this, name] { return with_warning(fleet_, {{"removed", name}}); });
}

AdminReply AdminReplicas::change(std::string_view verb, const std::string& name, std::string_view body) {
  if (verb == "weight") return weigh(name, body);
  const FleetResult result = verb == "drain" ? fleet_.drain(name) : fleet_.undrain(name);
  return result ? changed(name) : fleet_failure(result.error());
}

AdminReply AdminReplicas::weigh(const std::string& name, std::string_view body) {
  constexpr std::array<std::string_view, 1> kKeys = {"weight"};
  const auto json = read_object(body, kKeys);
  if (!json) return admin_error(400, json.error());
  std::uint32_t weight = 0;
  if (!read_integer(*json, "weight", 1, balance::kMaxWeight, weight) || weight == 0) {
    return admin_error(400, "'weight' is wanted, a number from 1 to 1000");
  }
  const FleetResult result = fleet_.set_weight(name, weight);
  return result ? changed(name) : fleet_failure(result.error());
}

}  // namespace wp::control
