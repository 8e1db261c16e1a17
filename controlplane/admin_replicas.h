// /replicas: the list, and on the control socket its changes, answered after they are published.
//
//   GET /replicas                                   GET /replicas/NAME
//   POST /replicas {"url":..., "weight":..., "priority":...}     DELETE /replicas/NAME
//   POST /replicas/NAME/drain, /replicas/NAME/undrain            POST /replicas/NAME/weight {"weight":...}
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "controlplane/admin_reply.h"
#include "controlplane/fleet.h"
#include "controlplane/reports.h"
#include "dataplane/balance/accounts.h"

namespace wp::control {

// Control thread only; everything handed in outlives it.
class AdminReplicas {
 public:
  AdminReplicas(Fleet& fleet, const balance::Accounts& accounts, const Reports& reports)
      : fleet_(fleet), accounts_(accounts), reports_(reports) {}

  // `rest`: what stands behind "/replicas/".
  [[nodiscard]] AdminReply handle(const AdminRequest& request, std::string_view rest);

 private:
  [[nodiscard]] nlohmann::json describe(const Member& member) const;
  [[nodiscard]] AdminReply list() const;
  [[nodiscard]] AdminReply one(const std::string& name) const;
  [[nodiscard]] AdminReply changed(const std::string& name);
  [[nodiscard]] AdminReply add(std::string_view body);
  [[nodiscard]] AdminReply on_replica(const AdminRequest& request, const std::string& name);
  [[nodiscard]] AdminReply change(std::string_view verb, const std::string& name, std::string_view body);
  [[nodiscard]] AdminReply weigh(const std::string& name, std::string_view body);

  Fleet& fleet_;
  const balance::Accounts& accounts_;
  const Reports& reports_;
};

// What a change is answered with once it is kept: `answer` is called when that has come to an end.
[[nodiscard]] AdminReply once_saved(Fleet& fleet, std::function<AdminReply()> answer);

// What a refused change is answered with.
[[nodiscard]] AdminReply fleet_failure(const FleetError& error);

}  // namespace wp::control
