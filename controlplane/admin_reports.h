// POST /v1/reports: what a reporter tells of engines. Each report is taken or refused for itself. doc/REPORTS.md is the
// contract.
#pragma once

#include "controlplane/admin_reply.h"
#include "controlplane/fleet.h"
#include "controlplane/metric_text.h"
#include "controlplane/reports.h"

namespace wp::control {

// Control thread only; the reports outlive it.
class AdminReports {
 public:
  // A monotonic clock, the one that the shards' instants come from.
  using Now = Instant (*)();
  AdminReports(Reports& reports, Now now) : reports_(reports), now_(now) {}

  [[nodiscard]] AdminReply handle(const AdminRequest& request);

 private:
  Reports& reports_;
  Now now_;
};

// How a replica is known to a pool of that strategy and what was last reported of it: `knowledge`, `report` and
// `holdings`, both null before the first.
void describe_knowledge(const Reports& reports, balance::ReplicaRef replica, balance::Strategy strategy, Instant now,
                        nlohmann::json& json);

// The section of GET /status: how many replicas are known how, and the age of the oldest report that is used.
[[nodiscard]] nlohmann::json describe_reports(const Reports& reports, const Registry& registry, Instant now);

}  // namespace wp::control
