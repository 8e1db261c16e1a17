// GET /health and GET /ready: can requests be served, and should new ones come.
#pragma once

#include "controlplane/admin_reply.h"
#include "controlplane/fleet.h"
#include "controlplane/shard_watch.h"

namespace wp::control {

// Control thread only; everything handed in outlives it.
class AdminHealth {
 public:
  AdminHealth(const Fleet& fleet, const ShardWatch& watch) : fleet_(fleet), watch_(watch) {}

  // 200, or 503 with the reasons.
  [[nodiscard]] AdminReply health(const AdminRequest& request) const { return answer(request, false); }
  // As health, and 503 while the daemon drains.
  [[nodiscard]] AdminReply ready(const AdminRequest& request) const { return answer(request, true); }

 private:
  [[nodiscard]] AdminReply answer(const AdminRequest& request, bool ready) const;

  const Fleet& fleet_;
  const ShardWatch& watch_;
};

}  // namespace wp::control
