#include "controlplane/admin_api.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/clock.h"
#include "dataplane/base/assert.h"

namespace wp::control {

AdminApi::AdminApi(Fleet& fleet, const balance::Accounts& accounts, const ShardWatch& watch, Exposition& exposition,
                   Reports& reports)
    : health_(fleet, watch),
      replicas_(fleet, accounts, reports),
      reports_(reports, monotonic_now),
      changes_(fleet),
      status_(fleet, accounts, watch, exposition) {
  serve_leaf("/metrics", [&exposition](const AdminRequest& request) -> AdminReply {
    if (!request.reads()) return method_not_allowed("GET, HEAD");
    return {200, std::string(kMetricContentType), exposition.scrape(), {}};
  });
  serve_leaf("/live", [this](const AdminRequest& request) { return health_.live(request); });
  serve_leaf("/health", [this](const AdminRequest& request) { return health_.health(request); });
  serve_leaf("/ready", [this](const AdminRequest& request) { return health_.ready(request); });
  serve_leaf("/status", [this](const AdminRequest& request) { return status_.handle(request); });
  serve("/replicas",
        [this](const AdminRequest& request, std::string_view rest) { return replicas_.handle(request, rest); });
  serve("/changes",
        [this](const AdminRequest& request, std::string_view rest) { return changes_.handle(request, rest); });
  serve_leaf("/v1/reports", [this](const AdminRequest& request) { return reports_.handle(request); });
  status_.add("knowledge", [&reports, &fleet] { return describe_reports(reports, fleet.registry(), monotonic_now()); });
}

void AdminApi::serve(std::string path, Resource resource) {
  WP_ASSERT(path.starts_with('/') && std::ranges::none_of(served_, [&](const Served& s) { return s.path == path; }));
  served_.push_back({std::move(path), std::move(resource)});
}

void AdminApi::serve_leaf(std::string path, std::function<AdminReply(const AdminRequest&)> leaf) {
  serve(std::move(path), [this, leaf = std::move(leaf)](const AdminRequest& request, std::string_view rest) {
    return rest.empty() ? leaf(request) : unknown_path();
  });
}

AdminReply AdminApi::handle(const AdminRequest& request) const {
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  for (const Served& served : served_) {
    if (!path.starts_with(served.path)) continue;
    std::string_view rest = path.substr(served.path.size());
    if (!rest.empty() && rest.front() != '/') continue;
    if (!rest.empty()) rest.remove_prefix(1);
    return served.resource(request, rest);
  }
  return unknown_path();
}

AdminReply AdminApi::unknown_path() const {
  std::string message = "unknown path; there are";
  for (const Served& served : served_) {
    message += &served == &served_.front() ? " " : &served == &served_.back() ? " and " : ", ";
    message += served.path;
  }
  return admin_error(404, message);
}

}  // namespace wp::control
