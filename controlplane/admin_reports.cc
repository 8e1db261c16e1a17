#include "controlplane/admin_reports.h"

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/report.h"

namespace wp::control {
namespace {

using Json = nlohmann::json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

// How many of a list were taken, and what is wrong with the others.
template <class Item>
Json outcome(const std::vector<Item>& items, const std::vector<std::string>& problems) {
  Json refused = Json::array();
  for (std::size_t i = 0; i < problems.size(); ++i) {
    if (problems[i].empty()) continue;
    refused.push_back({{"index", i}, {"replica", items[i].replica}, {"error", problems[i]}});
  }
  return {{"taken", problems.size() - refused.size()}, {"refused", std::move(refused)}};
}

}  // namespace

AdminReply AdminReports::handle(const AdminRequest& request) {
  if (!request.may_report) return control_only();
  if (request.method != "POST") return method_not_allowed("POST");
  const auto batch = read_reports(request.body);
  if (!batch) return admin_error(400, batch.error());
  const Reports::Taken told = reports_.take(*batch, now_());
  Json answer = outcome(batch->items, told.reports);
  bool all = answer["refused"].empty();
  if (!batch->holdings.empty()) {
    answer["holdings"] = outcome(batch->holdings, told.holdings);
    all = all && answer["holdings"]["refused"].empty();
  }
  return json_reply(all ? 200 : 422, answer);
}

void describe_knowledge(const Reports& reports, balance::ReplicaRef replica, balance::Strategy strategy, Instant now,
                        Json& json) {
  json["knowledge"] = word(reports.knowledge(replica, strategy, now));
  json["holdings"] = nullptr;
  if (const Holdings::Kept* told = reports.holdings().last(replica)) {
    json["holdings"] = {{"age_seconds", (now - told->read).seconds()},
                        {"fresh", reports.holdings().fresh(replica, now)},
                        {"reporter", told->reporter},
                        {"sequence", told->sequence},
                        {"prefixes", reports.holdings().prefixes(replica)}};
  }
  json["report"] = nullptr;
  const Reports::Kept* kept = reports.last(replica);
  if (kept == nullptr) return;
  const Report& report = kept->report;
  json["report"] = {{"age_seconds", (now - kept->read).seconds()},
                    {"fresh", reports.fresh(replica, now)},
                    {"reporter", kept->reporter},
                    {"sequence", report.sequence},
                    {"waiting", or_null(report.waiting)},
                    {"running", or_null(report.running)},
                    {"kv_usage", or_null(report.kv_usage)},
                    {"kv_tokens", or_null(report.kv_tokens)},
                    {"prefix_queries", report.prefix ? Json(report.prefix->queries) : Json()},
                    {"prefix_hits", report.prefix ? Json(report.prefix->hits) : Json()}};
}

Json describe_reports(const Reports& reports, const Registry& registry, Instant now) {
  Json json = {{"fresh_for_seconds", reports.fresh_for().seconds()}, {"oldest_seconds", nullptr}};
  for (const Knowledge knowledge : kAllKnowledge) json[std::string(word(knowledge))] = 0;
  for (const Member& member : registry.members()) {
    Json& count = json[std::string(word(reports.knowledge(member, now)))];
    count = count.get<std::uint64_t>() + 1;
    if (!reports.fresh(member.ref, now)) continue;
    const double age = (now - reports.last(member.ref)->read).seconds();
    Json& oldest = json["oldest_seconds"];
    oldest = oldest.is_null() ? age : std::max(oldest.get<double>(), age);
  }
  return json;
}

}  // namespace wp::control
