#include "controlplane/admin_changes.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "controlplane/admin_body.h"
#include "controlplane/admin_replicas.h"
#include "controlplane/overlay_text.h"

namespace wp::control {

using Json = nlohmann::json;

AdminReply AdminChanges::list() const {
  const StateWriter* keeper = fleet_.keeper();
  Json reply = {{"file", keeper == nullptr ? Json() : Json(keeper->path())},
                {"changes", changes_json(fleet_.overlay().changes())},
                {"dormant", fleet_.overlay().dormant()}};
  if (std::string warning = fleet_.unsaved(); !warning.empty()) reply["warning"] = std::move(warning);
  return json_reply(200, reply);
}

AdminReply AdminChanges::handle(const AdminRequest& request, std::string_view rest) {
  if (rest.empty() && request.reads()) return list();
  if (!request.may_change) return control_only();
  if (request.method != "DELETE") return method_not_allowed(rest.empty() ? "GET, HEAD, DELETE" : "DELETE");
  const auto name = percent_decode(rest);
  if (!name) return admin_error(400, "a broken escape in the path");
  const FleetResult result = name->empty() ? fleet_.reset_all() : fleet_.reset(*name);
  return result ? once_saved(fleet_, [this] { return list(); }) : fleet_failure(result.error());
}

}  // namespace wp::control
