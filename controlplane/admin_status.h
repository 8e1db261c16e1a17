// GET /status: the daemon at a glance. Other parts of the control plane add their section under a key of their own.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include <nlohmann/json_fwd.hpp>

#include "controlplane/admin_reply.h"
#include "controlplane/exposition.h"
#include "controlplane/fleet.h"
#include "controlplane/shard_watch.h"
#include "dataplane/balance/accounts.h"
#include "dataplane/base/time.h"

namespace wp::control {

// Control thread only; everything handed in outlives it.
class AdminStatus {
 public:
  using Section = std::function<nlohmann::json()>;

  AdminStatus(const Fleet& fleet, const balance::Accounts& accounts, const ShardWatch& watch,
              const Exposition& exposition)
      : fleet_(fleet), accounts_(accounts), watch_(watch), exposition_(exposition) {}

  void add(std::string key, Section section) { sections_[std::move(key)] = std::move(section); }

  [[nodiscard]] AdminReply handle(const AdminRequest& request) const;

 private:
  const Fleet& fleet_;
  const balance::Accounts& accounts_;
  const ShardWatch& watch_;
  const Exposition& exposition_;
  std::map<std::string, Section> sections_;
};

}  // namespace wp::control
