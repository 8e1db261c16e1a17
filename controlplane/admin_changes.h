// /changes: what was changed of the replicas at run time, and on the control socket the way back to the configuration.
//
//   GET /changes      DELETE /changes      DELETE /changes/NAME
#pragma once

#include <string_view>

#include "controlplane/admin_reply.h"
#include "controlplane/fleet.h"

namespace wp::control {

// Control thread only; the fleet outlives it.
class AdminChanges {
 public:
  explicit AdminChanges(Fleet& fleet) : fleet_(fleet) {}

  // `rest`: what stands behind "/changes/".
  [[nodiscard]] AdminReply handle(const AdminRequest& request, std::string_view rest);

 private:
  [[nodiscard]] AdminReply list() const;

  Fleet& fleet_;
};

}  // namespace wp::control
