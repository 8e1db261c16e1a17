#include "controlplane/admin_api.h"

#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/nearest.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kReplicas = "/replicas";

AdminReply json_reply(unsigned status, const Json& body) {
  // A name or message is UTF-8 only as far as the operator wrote it so: replaced, never thrown at.
  return {status, "application/json", body.dump(2, ' ', false, Json::error_handler_t::replace) + "\n", {}};
}

AdminReply not_allowed(std::string_view allow) {
  AdminReply reply = admin_error(405, "the methods here are " + std::string(allow));
  reply.allow = allow;
  return reply;
}

AdminReply failure(const FleetError& error) {
  switch (error.fault) {
    case FleetFault::unknown: return admin_error(404, error.text);
    case FleetFault::conflict: return admin_error(409, error.text);
    case FleetFault::full: return admin_error(503, error.text);
  }
  return admin_error(500, error.text);
}

// RFC 3986 section 2.1; empty when an escape is broken.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || ec != std::errc{} || end != digits.data() + 2) return {};
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

// The body as an object that has no other keys than these; the error is the message for the client.
std::expected<Json, std::string> read_object(std::string_view body, std::span<const std::string_view> keys) {
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return std::unexpected("the body is not a JSON object");
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(keys, key) != keys.end()) continue;
    const std::string_view meant = nearest(key, keys);
    return std::unexpected("unknown key '" + key + "'" +
                           (meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?"));
  }
  return json;
}

// A whole number of the object; nothing when it is there and is not one in the range.
bool read_integer(const Json& json, const char* key, std::uint32_t low, std::uint32_t high, std::uint32_t& value) {
  const auto found = json.find(key);
  if (found == json.end()) return true;
  if (!found->is_number_unsigned()) return false;
  const auto number = found->get<std::uint64_t>();
  if (number < low || number > high) return false;
  value = static_cast<std::uint32_t>(number);
  return true;
}

Json describe(const Member& member, const balance::Accounts& accounts) {
  const balance::Load load = accounts.load(member.ref.id);
  Json addresses = Json::array();
  for (const Endpoint& endpoint : member.endpoints) addresses.push_back(wp::to_string(endpoint));
  return {{"name", member.spec.name},         {"state", balance::word(member.state())},
          {"health", word(member.health)},    {"draining", member.draining},
          {"pickable", member.pickable()},    {"weight", member.spec.weight},
          {"priority", member.spec.priority}, {"addresses", std::move(addresses)},
          {"prefill_tokens", load.prefill},   {"streams", load.streams}};
}

}  // namespace

AdminReply admin_error(unsigned status, std::string_view message) {
  return json_reply(status, {{"error", std::string(message)}});
}

AdminReply AdminApi::handle(const AdminRequest& request) {
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (path == kReplicas && request.method == "POST" && request.may_change) return add(request.body);
  if (path == "/metrics" || path == "/health" || path == "/ready" || path == kReplicas) {
    if (reads) return read(path);
    return not_allowed(path == kReplicas && request.may_change ? "GET, HEAD, POST" : "GET, HEAD");
  }
  if (path.starts_with("/replicas/")) {
    if (!request.may_change) {
      return reads ? admin_error(404, "unknown path") : admin_error(403, "changes are made on the control socket");
    }
    const std::string_view rest = path.substr(kReplicas.size() + 1);
    const std::size_t slash = rest.find('/');
    const auto name = percent_decode(rest.substr(0, slash));
    if (!name) return admin_error(400, "a broken escape in the path");
    return change(request.method, *name, slash == std::string_view::npos ? "" : rest.substr(slash + 1), request.body);
  }
  return admin_error(404, "unknown path; there are /metrics, /health, /ready and /replicas");
}

AdminReply AdminApi::read(std::string_view path) {
  if (path == "/metrics") return {200, std::string(kMetricContentType), exposition_.scrape(), {}};
  if (path == kReplicas) return replicas();
  return health(path == "/ready");
}

AdminReply AdminApi::health(bool ready) const {
  const Registry& registry = fleet_.registry();
  const std::vector<std::uint32_t> stalled = watch_.stalled();
  Json reasons = Json::array();
  if (registry.pickable() == 0) reasons.push_back("no replica can be picked");
  for (const std::uint32_t shard : stalled) reasons.push_back("shard " + std::to_string(shard) + " does not turn");
  if (ready && registry.draining()) reasons.push_back("the daemon is draining");
  const bool ok = reasons.empty();
  return json_reply(ok ? 200 : 503, {{"status", ok ? "ok" : "unavailable"},
                                     {"reasons", std::move(reasons)},
                                     {"draining", registry.draining()},
                                     {"replicas", registry.members().size()},
                                     {"replicas_pickable", registry.pickable()},
                                     {"shards", watch_.shards()},
                                     {"shards_stalled", stalled},
                                     {"snapshot", registry.version()}});
}

AdminReply AdminApi::replicas() const {
  Json list = Json::array();
  for (const Member& member : fleet_.registry().members()) list.push_back(describe(member, accounts_));
  return json_reply(200, {{"strategy", balance::word(fleet_.registry().strategy())},
                          {"snapshot", fleet_.registry().version()},
                          {"replicas", std::move(list)}});
}

AdminReply AdminApi::replica(const std::string& name, unsigned status) const {
  const Member* member = fleet_.registry().find(name);
  if (member == nullptr) return admin_error(404, "there is no replica " + name);
  return json_reply(status, describe(*member, accounts_));
}

AdminReply AdminApi::add(std::string_view body) {
  constexpr std::array<std::string_view, 3> kKeys = {"url", "weight", "priority"};
  const auto json = read_object(body, kKeys);
  if (!json) return admin_error(400, json.error());
  const auto url = json->find("url");
  if (url == json->end() || !url->is_string()) return admin_error(400, "'url' is wanted, as a string");
  auto spec = parse_replica_spec(url->get_ref<const std::string&>());
  if (!spec) return admin_error(400, spec.error());
  std::uint32_t priority = spec->priority;
  if (!read_integer(*json, "weight", 1, balance::kMaxWeight, spec->weight)) {
    return admin_error(400, "'weight' is a number from 1 to 1000");
  }
  if (!read_integer(*json, "priority", 0, kMaxPriority, priority)) {
    return admin_error(400, "'priority' is a number from 0 (first) to 255");
  }
  spec->priority = static_cast<std::uint8_t>(priority);
  if (const FleetResult added = fleet_.add(*spec); !added) return failure(added.error());
  return replica(spec->name, 200);
}

AdminReply AdminApi::change(std::string_view method, const std::string& name, std::string_view verb,
                            std::string_view body) {
  if (verb.empty()) {
    if (method == "GET" || method == "HEAD") return replica(name, 200);
    if (method != "DELETE") return not_allowed("GET, HEAD, DELETE");
    if (const FleetResult removed = fleet_.remove(name); !removed) return failure(removed.error());
    return json_reply(200, {{"removed", name}});
  }
  if (verb != "drain" && verb != "undrain" && verb != "weight") {
    return admin_error(404, "unknown path; a replica can be sent drain, undrain and weight");
  }
  if (method != "POST") return not_allowed("POST");
  if (verb == "weight") return weigh(name, body);
  const FleetResult result = verb == "drain" ? fleet_.drain(name) : fleet_.undrain(name);
  if (!result) return failure(result.error());
  return replica(name, 200);
}

AdminReply AdminApi::weigh(const std::string& name, std::string_view body) {
  constexpr std::array<std::string_view, 1> kKeys = {"weight"};
  const auto json = read_object(body, kKeys);
  if (!json) return admin_error(400, json.error());
  std::uint32_t weight = 0;
  if (!read_integer(*json, "weight", 1, balance::kMaxWeight, weight) || weight == 0) {
    return admin_error(400, "'weight' is wanted, a number from 1 to 1000");
  }
  if (const FleetResult result = fleet_.set_weight(name, weight); !result) return failure(result.error());
  return replica(name, 200);
}

}  // namespace wp::control
