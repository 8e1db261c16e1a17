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

}  // namespace

AdminReply AdminReports::handle(const AdminRequest& request) {
  if (!request.may_report) return control_only();
  if (request.method != "POST") return method_not_allowed("POST");
  const auto batch = read_reports(request.body);
  if (!batch) return admin_error(400, batch.error());
  const std::vector<std::string> problems = reports_.take(*batch, now_());
  Json refused = Json::array();
  for (std::size_t i = 0; i < problems.size(); ++i) {
    if (problems[i].empty()) continue;
    refused.push_back({{"index", i}, {"replica", batch->items[i].replica}, {"error", problems[i]}});
  }
  const std::size_t taken = problems.size() - refused.size();
  const unsigned status = refused.empty() ? 200 : 422;
  return json_reply(status, {{"taken", taken}, {"refused", std::move(refused)}});
}

void describe_knowledge(const Reports& reports, balance::ReplicaRef replica, Instant now, Json& json) {
  json["knowledge"] = word(reports.knowledge(replica, now));
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
  for (const Knowledge knowledge : {Knowledge::blind, Knowledge::counters, Knowledge::receipts}) {
    json[std::string(word(knowledge))] = 0;
  }
  for (const Member& member : registry.members()) {
    Json& count = json[std::string(word(reports.knowledge(member.ref, now)))];
    count = count.get<std::uint64_t>() + 1;
    if (!reports.fresh(member.ref, now)) continue;
    const double age = (now - reports.last(member.ref)->read).seconds();
    Json& oldest = json["oldest_seconds"];
    oldest = oldest.is_null() ? age : std::max(oldest.get<double>(), age);
  }
  return json;
}

}  // namespace wp::control
