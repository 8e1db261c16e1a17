#include "controlplane/admin_route.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/admin_body.h"
#include "controlplane/admin_pick.h"
#include "controlplane/admin_reports.h"
#include "controlplane/clock.h"
#include "dataplane/base/hash_text.h"
#include "dataplane/base/reasons.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

constexpr const char* kUsualPath = "/v1/chat/completions";

// RFC 9110 section 5.1: the case of a field's name does not matter.
bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t begin = text.find_first_not_of(kBlank);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

struct Field {
  std::string_view name;
  std::string_view value;
};

// The first of that name.
std::optional<std::string_view> find(std::span<const Field> fields, std::string_view name) {
  const auto found = std::ranges::find_if(fields, [&](const Field& field) { return same_name(field.name, name); });
  if (found == fields.end()) return {};
  return found->value;
}

Json rungs(std::span<const prompt::Rung> rungs) {
  Json list = Json::array();
  for (const prompt::Rung& rung : rungs) list.push_back({{"hash", hash_text(rung.hash)}, {"end", rung.end}});
  return list;
}

Json session_of(const prompt::Features& features, const std::string& header) {
  switch (features.session_source) {
    case prompt::SessionSource::none: return nullptr;
    case prompt::SessionSource::header: return {{"hash", hash_text(features.session)}, {"from", "header " + header}};
    case prompt::SessionSource::body: return {{"hash", hash_text(features.session)}, {"from", "body"}};
  }
  return nullptr;
}

// How well it is known what the replica holds, and for how many tokens that is taken to be room there.
void add_knowledge(const Known& known, balance::ReplicaRef replica, balance::Strategy strategy, Json& json) {
  if (known.residency != nullptr) json["cache_tokens"] = known.residency->capacity(replica.id);
  if (known.reports != nullptr) describe_knowledge(*known.reports, replica, strategy, monotonic_now(), json);
}

Json describe(const balance::Considered& entry, const balance::Explanation& told, const balance::Pool& pool,
              const Known& known) {
  const balance::Replica& replica = *entry.replica;
  Json json = describe_load(entry);
  add_knowledge(known, replica.ref, pool.strategy, json);
  json["state"] = balance::word(replica.state);
  json["priority"] = replica.priority;
  json["ring"] = entry.place ? Json(*entry.place) : Json();
  json["chosen"] = entry.replica == told.pick.replica;
  if (entry.estimate) {
    json["cached_tokens"] = entry.estimate->cached;
    json["queue_tokens"] = entry.estimate->queue;
    json["cost"] = entry.estimate->cost;
  }
  return json;
}

}  // namespace

AdminReply AdminRoute::handle(const AdminRequest& request, std::string_view rest) const {
  if (rest != "explain") return admin_error(404, "unknown path; there is /route/explain");
  if (!request.may_change) return control_only();
  if (request.method != "POST") return method_not_allowed("POST");
  auto question = read(request.body);
  if (!question) return admin_error(400, question.error());
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(question->body.size(), UINT32_MAX));
  question->body.append(prompt::Extractor::kPadding, '\0');
  prompt::Extractor extractor(limits_);
  const auto features = extractor.extract(question->api, question->body.data(), size,
                                          {.session = question->session, .credential = question->credential});
  if (!features) {
    return admin_error(400, "warmpathd would refuse this request: " + std::string(info(features.error().reason).text));
  }
  return answer(*question, *features);
}

std::expected<AdminRoute::Question, std::string> AdminRoute::read(std::string_view text) const {
  constexpr std::array<std::string_view, 4> kKeys = {"request", "path", "headers", "pool"};
  const auto json = read_object(text, kKeys);
  if (!json) return std::unexpected(json.error());
  Question question;
  std::string path = kUsualPath;
  if (!read_string(*json, "request", question.body) || !json->contains("request")) {
    return std::unexpected("'request' is wanted, as a string");
  }
  if (!read_string(*json, "path", path)) return std::unexpected("'path' is a string");
  if (!read_string(*json, "pool", question.pool)) return std::unexpected("'pool' is a string");
  question.api = prompt::api_of(path);
  if (question.api == prompt::Api::none) return std::unexpected("no request to '" + path + "' is routed by its body");
  const auto headers = json->find("headers");
  if (headers == json->end()) return question;
  const bool strings =
      headers->is_array() && std::ranges::all_of(*headers, [](const Json& h) { return h.is_string(); });
  if (!strings) return std::unexpected("'headers' is an array of strings");
  if (auto good = read_headers(headers->get<std::vector<std::string>>(), question); !good) {
    return std::unexpected(std::move(good.error()));
  }
  return question;
}

// Which of them matter is what the proxy's intake takes from a request's head.
std::expected<void, std::string> AdminRoute::read_headers(const std::vector<std::string>& lines,
                                                          Question& question) const {
  std::vector<Field> fields;
  for (const std::string_view line : lines) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return std::unexpected("a header is written Name: value");  // not shown: it may be a secret
    }
    fields.push_back({line.substr(0, colon), trimmed(line.substr(colon + 1))});
  }
  for (const std::string& name : session_headers_) {
    question.session = find(fields, name).value_or("");
    if (question.session.empty()) continue;
    question.session_header = name;
    break;
  }
  const auto authorization = find(fields, "authorization");
  question.credential = authorization ? *authorization : find(fields, "x-api-key").value_or("");
  return {};
}

AdminReply AdminRoute::answer(const Question& question, const prompt::Features& features) const {
  const balance::Snapshot& snapshot = publisher_.current();
  const balance::Route* route = question.pool.empty() ? snapshot.route_of(features.model) : nullptr;
  const balance::Pool* pool = route != nullptr ? &snapshot.pools[route->pool] : find_pool(snapshot, question.pool);
  if (question.pool.empty() && route == nullptr) {
    return admin_error(404, "no pool serves the model '" + std::string(features.model) + "'");
  }
  if (pool == nullptr) return admin_error(404, "there is no pool " + question.pool);
  const balance::Explanation told = explain_now(snapshot, *pool, known_, features);
  Json order = Json::array();
  Json candidates = Json::array();
  for (const balance::Considered& entry : told.considered) {
    if (entry.place) order.push_back(entry.replica->name);
    candidates.push_back(describe(entry, told, *pool, known_));
  }
  Json ring;
  if (told.key_kind != balance::KeyKind::none) {
    ring = {{"by", word(told.key_kind)}, {"key", hash_text(told.key)}, {"order", std::move(order)}};
  }
  const balance::Pick& pick = told.pick;
  return json_reply(200, {{"api", prompt::word(features.api)},
                          {"model", features.model},
                          {"stream", features.stream},
                          {"pool", pool->name},
                          {"route", route != nullptr ? Json(route->model.empty() ? "*" : route->model) : Json()},
                          {"strategy", balance::word(pool->strategy)},
                          {"session", session_of(features, question.session_header)},
                          {"derived_session", hash_text(features.derived_session)},
                          {"first_chunk", hash_text(features.first_chunk)},
                          {"canonical_bytes", features.canonical_bytes},
                          {"estimated_tokens", features.estimated_tokens},
                          {"ladder", rungs(features.ladder)},
                          {"ends", rungs(features.ends)},
                          {"ring", std::move(ring)},
                          {"candidates", std::move(candidates)},
                          {"left_out", told.left_out},
                          {"replica", pick.replica != nullptr ? Json(pick.replica->name) : Json()},
                          {"decision", pick.replica != nullptr ? Json(word(pick.decision)) : Json()}});
}

}  // namespace wp::control
