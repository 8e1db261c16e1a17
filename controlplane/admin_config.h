// /config, on the control socket alone:
//
//   GET /config            the settings of the last good load, as a file
//   POST /config/reload    reads the file again; answers when the change is published, or with what is wrong
//   GET /config/diff       what a reload would change now
//   POST /config/diff      the body is a file: what a reload to it would change
#pragma once

#include <string_view>

#include "controlplane/admin_reply.h"
#include "controlplane/admin_status.h"
#include "controlplane/config/reload.h"

namespace wp::control {

// Control thread only; the reloader outlives it.
class AdminConfig {
 public:
  explicit AdminConfig(Reloader& reloader) : reloader_(reloader) {}

  // `rest`: what stands behind "/config/".
  [[nodiscard]] AdminReply handle(const AdminRequest& request, std::string_view rest);
  // Adds the section "config", which lives as long as this.
  void join(AdminStatus& status) const;

 private:
  [[nodiscard]] AdminReply reload();
  [[nodiscard]] AdminReply preview() const;
  [[nodiscard]] AdminReply diff(std::string_view text) const;

  Reloader& reloader_;
};

}  // namespace wp::control
