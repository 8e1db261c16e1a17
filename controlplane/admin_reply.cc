#include "controlplane/admin_reply.h"

#include <nlohmann/json.hpp>

namespace wp::control {

using Json = nlohmann::json;

AdminReply json_reply(unsigned status, const Json& body) {
  // A name or message is UTF-8 only as far as the operator wrote it so: replaced, never thrown at.
  return {status, "application/json", body.dump(2, ' ', false, Json::error_handler_t::replace) + "\n", {}};
}

AdminReply admin_error(unsigned status, std::string_view message) {
  return json_reply(status, {{"error", std::string(message)}});
}

AdminReply method_not_allowed(std::string_view allow) {
  AdminReply reply = admin_error(405, "the methods here are " + std::string(allow));
  reply.allow = allow;
  return reply;
}

AdminReply control_only() {
  return admin_error(403, "only the control socket answers this, or the control address with its token");
}

}  // namespace wp::control
