#include "controlplane/admin_config.h"

#include <nlohmann/json.hpp>

namespace wp::control {
namespace {

using Json = nlohmann::json;

Json describe(const std::vector<SettingsChange>& changes) {
  Json list = Json::array();
  for (const SettingsChange& change : changes) {
    list.push_back({{"key", change.key},
                    {"old", change.old_value},
                    {"new", change.new_value},
                    {"restart", change.apply == Apply::restart}});
  }
  return list;
}

// What the operator has to mend is 400, what does not fit the daemon as it runs is 409.
unsigned status_of(ReloadResult result) {
  if (is_good(result)) return 200;
  return result == ReloadResult::invalid ? 400 : 409;
}

}  // namespace

AdminReply AdminConfig::handle(const AdminRequest& request, std::string_view rest) {
  if (!request.may_change) return control_only();
  if (rest.empty()) {
    if (!request.reads()) return method_not_allowed("GET, HEAD");
    return {200, "application/toml", write_settings(reloader_.settings()), {}};
  }
  if (rest != "reload" && rest != "diff")
    return admin_error(404, "unknown path; there are /config/reload and /config/diff");
  if (rest == "diff" && request.reads()) return preview();
  if (request.method != "POST") return method_not_allowed(rest == "diff" ? "GET, HEAD, POST" : "POST");
  return rest == "reload" ? reload() : diff(request.body);
}

AdminReply AdminConfig::reload() {
  const ReloadReport report = reloader_.reload();
  Json reply = {{"result", word(report.result)}, {"file", reloader_.file()}};
  if (is_good(report.result)) {
    reply["changes"] = describe(report.changes);
  } else {
    reply["error"] = report.problems.front();
    reply["problems"] = report.problems;
  }
  return json_reply(status_of(report.result), reply);
}

AdminReply AdminConfig::preview() const {
  const ReloadReport report = reloader_.preview();
  if (is_good(report.result) || report.result == ReloadResult::needs_restart) {
    return json_reply(200, {{"file", reloader_.file()}, {"changes", describe(report.changes)}});
  }
  return json_reply(status_of(report.result), {{"error", report.problems.front()}, {"problems", report.problems}});
}

AdminReply AdminConfig::diff(std::string_view text) const {
  const auto changes = reloader_.compare(text);
  if (changes) return json_reply(200, {{"changes", describe(*changes)}});
  return json_reply(400, {{"error", changes.error().front()}, {"problems", changes.error()}});
}

void AdminConfig::join(AdminStatus& status) const {
  status.add("config", [&reloader = reloader_] {
    Json section = {{"file", nullptr}, {"loaded_seconds_ago", reloader.age_seconds()}, {"last_reload", nullptr}};
    if (!reloader.file().empty()) section["file"] = reloader.file();
    if (const auto& last = reloader.last()) {
      section["last_reload"] = {{"result", word(last->result)}, {"problems", last->problems}};
    }
    return section;
  });
}

}  // namespace wp::control
