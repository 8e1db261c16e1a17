// The admin endpoints: which resource answers a path. Pure: a request in, a reply out; the server that moves the bytes
// is elsewhere. doc/ADMIN.md describes every path.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/admin_changes.h"
#include "controlplane/admin_health.h"
#include "controlplane/admin_replicas.h"
#include "controlplane/admin_reply.h"
#include "controlplane/admin_reports.h"
#include "controlplane/admin_status.h"

namespace wp::control {

// Control thread only; everything handed in outlives it.
class AdminApi {
 public:
  // Answers a path and all below it; `rest` is what stands behind the path and its '/', without the query.
  using Resource = std::function<AdminReply(const AdminRequest& request, std::string_view rest)>;

  // Serves what every daemon has: /metrics, /live, /health, /ready, /status, /replicas, /changes, /v1/reports.
  AdminApi(Fleet& fleet, const balance::Accounts& accounts, const ShardWatch& watch, Exposition& exposition,
           Reports& reports);
  AdminApi(const AdminApi&) = delete;
  AdminApi& operator=(const AdminApi&) = delete;

  // `path` begins with '/' and is not served yet.
  void serve(std::string path, Resource resource);
  // As serve(), of a resource that has nothing below it.
  void serve_leaf(std::string path, std::function<AdminReply(const AdminRequest&)> leaf);

  [[nodiscard]] AdminReply handle(const AdminRequest& request) const;

  // Where others add a section to GET /status.
  [[nodiscard]] AdminStatus& status() { return status_; }

 private:
  struct Served {
    std::string path;
    Resource resource;
  };

  [[nodiscard]] AdminReply unknown_path() const;

  AdminHealth health_;
  AdminReplicas replicas_;
  AdminReports reports_;
  AdminChanges changes_;
  AdminStatus status_;
  std::vector<Served> served_;
};

}  // namespace wp::control
