#include "controlplane/feeds/target.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace wp::feeds {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint16_t port_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  const bool fits = found != json.end() && found->is_number_unsigned() && found->get<std::uint64_t>() <= UINT16_MAX;
  return fits ? found->get<std::uint16_t>() : std::uint16_t{0};
}

Target read_target(const Json& json) {
  Target target{
      .replica = text_of(json, "name"), .generation = 0, .endpoints = {}, .path = text_of(json, "metrics_path")};
  const auto generation = json.find("generation");
  if (generation != json.end() && generation->is_number_unsigned())
    target.generation = generation->get<std::uint32_t>();
  if (const auto kv = json.find("kv_events"); kv != json.end() && kv->is_object()) {
    target.kv_events = port_of(*kv, "events");
    target.kv_replay = port_of(*kv, "replay");
  }
  const auto addresses = json.find("addresses");
  if (addresses == json.end() || !addresses->is_array()) return target;
  for (const Json& address : *addresses) {
    if (!address.is_string()) continue;
    if (const auto endpoint = parse_endpoint(address.get<std::string>())) target.endpoints.push_back(*endpoint);
  }
  return target;
}

}  // namespace

std::expected<std::vector<Target>, std::string> read_targets(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  const auto list = json.is_object() ? json.find("replicas") : json.end();
  if (list == json.end() || !list->is_array()) return std::unexpected("what it lists are no replicas");
  std::vector<Target> targets;
  for (const Json& replica : *list) {
    if (!replica.is_object() || text_of(replica, "state") == "down") continue;
    Target target = read_target(replica);
    const bool read = !target.path.empty() || target.kv_replay != 0;
    if (!target.replica.empty() && read && !target.endpoints.empty()) targets.push_back(std::move(target));
  }
  return targets;
}

std::string write_reports(std::span<const Reading> readings, std::string_view reporter, std::uint64_t sequence,
                          Instant now) {
  Json reports = Json::array();
  for (const Reading& reading : readings) {
    Json report = {{"replica", reading.replica},
                   {"generation", reading.generation},
                   {"sequence", sequence},
                   {"age_ms", std::max<std::int64_t>(0, (now - reading.read).millis())}};
    const auto add = [&report](const char* key, const auto& value) {
      if (value) report[key] = *value;
    };
    const EngineFacts& facts = reading.facts;
    if (facts.instance != 0) report["instance"] = facts.instance;
    add("waiting", facts.waiting);
    add("running", facts.running);
    add("kv_usage", facts.kv_usage);
    add("kv_tokens", facts.kv_tokens);
    add("prefix_queries", facts.prefix_queries);
    add("prefix_hits", facts.prefix_hits);
    reports.push_back(std::move(report));
  }
  return Json{{"version", 1}, {"reporter", reporter}, {"reports", std::move(reports)}}.dump(
      -1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> read_refusals(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  const auto refused = json.is_object() ? json.find("refused") : json.end();
  std::vector<std::string> lines;
  if (json.is_object() && json.contains("error")) lines.push_back(text_of(json, "error"));
  if (refused == json.end() || !refused->is_array()) return lines;
  for (const Json& one : *refused) {
    if (one.is_object()) lines.push_back(text_of(one, "replica") + ": " + text_of(one, "error"));
  }
  return lines;
}

}  // namespace wp::feeds
