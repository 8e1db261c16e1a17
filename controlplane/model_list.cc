#include "controlplane/model_list.h"

#include <nlohmann/json.hpp>

#include "dataplane/balance/snapshot.h"

namespace wp::control {

std::string model_list(std::span<const RouteSettings> routes) {
  using Json = nlohmann::ordered_json;
  Json models = Json::array();
  for (const RouteSettings& route : routes) {
    if (balance::is_beginning(route.model)) continue;
    models.push_back({{"id", route.model}, {"object", "model"}, {"created", 0}, {"owned_by", "warmpath"}});
  }
  if (models.empty()) return {};
  const Json list = {{"object", "list"}, {"data", std::move(models)}};
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wp::control
