// GET /live, /health and /ready: would a restart help, can requests be served, should new ones come.
#pragma once

#include <cstdint>

#include "controlplane/admin_reply.h"
#include "controlplane/fleet.h"
#include "controlplane/shard_watch.h"

namespace wp::control {

// Control thread only; everything handed in outlives it.
class AdminHealth {
 public:
  AdminHealth(const Fleet& fleet, const ShardWatch& watch) : fleet_(fleet), watch_(watch) {}

  // 200, or 503 with the reasons: a shard does not turn.
  [[nodiscard]] AdminReply live(const AdminRequest& request) const { return answer(request, Asked::live); }
  // As live, and 503 when no replica can be picked.
  [[nodiscard]] AdminReply health(const AdminRequest& request) const { return answer(request, Asked::health); }
  // As health, and 503 from the moment the daemon leaves.
  [[nodiscard]] AdminReply ready(const AdminRequest& request) const { return answer(request, Asked::ready); }

 private:
  enum class Asked : std::uint8_t { live, health, ready };
  [[nodiscard]] AdminReply answer(const AdminRequest& request, Asked asked) const;

  const Fleet& fleet_;
  const ShardWatch& watch_;
};

}  // namespace wp::control
