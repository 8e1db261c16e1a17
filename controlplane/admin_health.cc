#include "controlplane/admin_health.h"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace wp::control {

using Json = nlohmann::json;

AdminReply AdminHealth::answer(const AdminRequest& request, Asked asked) const {
  if (!request.reads()) return method_not_allowed("GET, HEAD");
  const Registry& registry = fleet_.registry();
  const std::vector<std::uint32_t> stalled = watch_.stalled();
  Json reasons = Json::array();
  if (asked != Asked::live && registry.pickable() == 0) reasons.push_back("no replica can be picked");
  for (const std::uint32_t shard : stalled) reasons.push_back("shard " + std::to_string(shard) + " does not turn");
  if (asked == Asked::ready && registry.leaving()) reasons.push_back("the daemon is draining");
  const bool ok = reasons.empty();
  return json_reply(ok ? 200 : 503, {{"status", ok ? "ok" : "unavailable"},
                                     {"reasons", std::move(reasons)},
                                     {"draining", registry.leaving()},
                                     {"replicas", registry.members().size()},
                                     {"replicas_pickable", registry.pickable()},
                                     {"shards", watch_.shards()},
                                     {"shards_stalled", stalled},
                                     {"snapshot", registry.version()}});
}

}  // namespace wp::control
