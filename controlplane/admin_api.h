// What the admin endpoints answer. Pure: a request in, a reply out; the server that moves the bytes is elsewhere.
//
//   GET /metrics   Prometheus text          GET /health    200 or 503 with reasons: can requests be served
//   GET /replicas  JSON                     GET /ready     as /health, and 503 while the daemon drains
// and on the control socket, answered after the change is published:
//   POST /replicas {"url":..., "weight":..., "priority":...}     DELETE /replicas/NAME
//   POST /replicas/NAME/drain, /replicas/NAME/undrain            POST /replicas/NAME/weight {"weight":...}
#pragma once

#include <string>
#include <string_view>

#include "controlplane/exposition.h"
#include "controlplane/fleet.h"
#include "controlplane/shard_watch.h"
#include "dataplane/balance/accounts.h"

namespace wp::control {

struct AdminRequest {
  std::string_view method;
  std::string_view target;
  std::string_view body;
  bool may_change = false;  // it came over the control socket
};

struct AdminReply {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;  // of a 405: the methods there are
};

// Control thread only; everything handed in outlives it.
class AdminApi {
 public:
  AdminApi(Fleet& fleet, const balance::Accounts& accounts, const ShardWatch& watch, Exposition& exposition)
      : fleet_(fleet), accounts_(accounts), watch_(watch), exposition_(exposition) {}

  [[nodiscard]] AdminReply handle(const AdminRequest& request);

 private:
  [[nodiscard]] AdminReply read(std::string_view path);
  [[nodiscard]] AdminReply health(bool ready) const;
  [[nodiscard]] AdminReply replicas() const;
  [[nodiscard]] AdminReply add(std::string_view body);
  [[nodiscard]] AdminReply change(std::string_view method, const std::string& name, std::string_view verb,
                                  std::string_view body);
  [[nodiscard]] AdminReply weigh(const std::string& name, std::string_view body);
  [[nodiscard]] AdminReply replica(const std::string& name, unsigned status) const;

  Fleet& fleet_;
  const balance::Accounts& accounts_;
  const ShardWatch& watch_;
  Exposition& exposition_;
};

// An error as the admin endpoints write it.
[[nodiscard]] AdminReply admin_error(unsigned status, std::string_view message);

}  // namespace wp::control
