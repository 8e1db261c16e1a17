#include "controlplane/config/check.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "controlplane/nearest.h"

namespace wp::control {
namespace {

std::string numbered(std::string_view list, std::size_t number) {
  return std::string(list) + "[" + std::to_string(number) + "]";
}

bool is_any(const Endpoint& endpoint) {
  return std::ranges::all_of(endpoint.address, [](std::uint8_t byte) { return byte == 0; });
}

// Whether the kernel would refuse the second. IPv6 listeners take no IPv4 here.
bool overlap(const Endpoint& a, const Endpoint& b) {
  if (a.port != b.port || a.port == 0 || a.family != b.family) return false;
  return is_any(a) || is_any(b) || a.address == b.address;
}

class Checker {
 public:
  Checker(const Settings& settings, const ConfigLines& lines) : settings_(settings), lines_(lines) {}

  [[nodiscard]] std::vector<ConfigError> check() {
    check_listeners();
    for (Contradiction& found : contradictions(settings_)) wrong(std::string(found.key), std::move(found.text));
    check_pools();
    for (std::size_t i = 0; i < settings_.pools.size(); ++i) check_replicas(i);
    check_routes();
    check_models();
    check_reached();
    return std::move(errors_);
  }

 private:
  void wrong(const std::string& place, std::string message) {
    errors_.push_back({lines_.of(place), std::move(message)});
  }

  // " (the first is in line N)" for the second of two that may not be the same.
  [[nodiscard]] std::string first_at(const std::string& place) const {
    return " (the first is in line " + std::to_string(lines_.of(place)) + ")";
  }

  void check_listeners() {
    const auto& listen = settings_.server.listen;
    for (std::size_t i = 0; i < listen.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (!overlap(listen[i], listen[j])) continue;
        wrong("server.listen", wp::to_string(listen[j]) + " and " + wp::to_string(listen[i]) + " cannot both be open");
      }
    }
    const AdminSettings& admin = settings_.admin;
    check_not_listened("admin.listen", "the admin address ", admin.listen);
    if (!admin.control_listen) return;
    check_not_listened("admin.control_listen", "the control address ", *admin.control_listen);
    if (overlap(*admin.control_listen, admin.listen)) {
      wrong("admin.control_listen", "the control address " + wp::to_string(*admin.control_listen) +
                                        " is the admin address: it needs one of its own");
    }
  }

  void check_not_listened(const std::string& key, const std::string& what, const Endpoint& at) {
    for (const Endpoint& listened : settings_.server.listen) {
      if (!overlap(listened, at)) continue;
      // A file that says neither has the defaults, which differ.
      const bool given = lines_.of(key) != lines_.of("admin");
      wrong(given ? key : "server.listen", what + wp::to_string(at) + " is one of server.listen");
    }
  }

  void check_pools() {
    const auto& pools = settings_.pools;
    // What is called pool and is no list of tables has its own line.
    if (pools.empty() && lines_.of("pool") == 0) {
      wrong("", "there is no pool: add a [[pool]] with a [[pool.replica]]");
    }
    if (pools.size() > kMaxPools) {
      wrong(numbered("pool", kMaxPools), "there may be " + std::to_string(kMaxPools) + " pools at most");
    }
    for (std::size_t i = 0; i < pools.size(); ++i) {
      const auto [first, fresh] = pool_at_.emplace(pools[i].name, i);
      if (fresh) continue;
      wrong(numbered("pool", i) + ".name",
            "there is a pool '" + pools[i].name + "' already" + first_at(numbered("pool", first->second)));
    }
  }

  void check_replicas(std::size_t pool) {
    const std::string place = numbered("pool", pool);
    const auto& replicas = settings_.pools[pool].replicas;
    if (replicas.empty() && lines_.of(place + ".replica") == lines_.of(place))
      wrong(place, "the pool '" + settings_.pools[pool].name + "' has no replica: add a [[pool.replica]]");
    for (std::size_t i = 0; i < replicas.size(); ++i) {
      const std::string here = numbered(place + ".replica", i);
      if (replicas[i].name.empty()) {
        // A url that was read and is wrong has its own line.
        if (lines_.of(here + ".url") == lines_.of(here)) wrong(here, "the replica has no 'url'");
        continue;
      }
      if ((replicas[i].kv_events == 0) != (replicas[i].kv_replay == 0)) {
        wrong(here, "'kv_events' and 'kv_replay' come together: what was lost on the way is asked for again");
      }
      const auto [first, fresh] = replica_at_.emplace(replicas[i].name, here);
      if (!fresh) wrong(here + ".url", "the replica " + replicas[i].name + " is given twice" + first_at(first->second));
    }
  }

  void check_routes() {
    std::size_t wildcards = 0;
    const auto& routes = settings_.routes;
    for (std::size_t i = 0; i < routes.size(); ++i) {
      const std::string here = numbered("route", i);
      if (routes[i].model.empty()) {
        if (lines_.of(here + ".model") == lines_.of(here)) wrong(here, "the route has no 'model'");
      } else if (const auto [first, fresh] = model_at_.emplace(routes[i].model, here); !fresh) {
        wrong(here + ".model", "the model '" + routes[i].model + "' has a route already" + first_at(first->second));
      }
      if (routes[i].model.ends_with('*') && ++wildcards > kMaxWildcards) {
        wrong(here, "there may be " + std::to_string(kMaxWildcards) + " routes with '*' at most");
      }
      check_target(routes[i], here);
    }
  }

  void check_target(const RouteSettings& route, const std::string& here) {
    if (route.pool.empty()) {
      if (lines_.of(here + ".pool") == lines_.of(here)) wrong(here, "the route has no 'pool'");
      return;
    }
    if (pool_at_.contains(route.pool)) return;
    std::vector<std::string_view> names;
    names.reserve(settings_.pools.size());
    for (const PoolSettings& pool : settings_.pools) names.push_back(pool.name);
    const std::string_view meant = nearest(route.pool, names);
    wrong(here + ".pool", "there is no pool '" + route.pool + "'" +
                              (meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?"));
  }

  void check_models() {
    std::size_t total = settings_.routes.size();
    for (std::size_t i = 0; i < settings_.pools.size(); ++i) {
      const std::string here = numbered("pool", i) + ".models";
      total += settings_.pools[i].models.size();
      if (total > kMaxRoutes)
        return wrong(here, "there may be " + std::to_string(kMaxRoutes) + " models and routes at most");
      for (const std::string& model : settings_.pools[i].models) {
        const auto [first, fresh] = model_at_.emplace(model, here);
        if (!fresh) wrong(here, "the model '" + model + "' leads to two pools" + first_at(first->second));
      }
    }
  }

  // With one pool and neither models nor routes everything goes there; else a pool without any gets nothing.
  void check_reached() {
    const auto routes = all_routes(settings_);
    for (std::size_t i = 0; i < settings_.pools.size(); ++i) {
      const std::string& name = settings_.pools[i].name;
      if (pool_at_.at(name) != i) continue;
      const auto leads_here = [&](const RouteSettings& route) { return route.pool == name; };
      if (std::ranges::any_of(routes, leads_here)) continue;
      wrong(numbered("pool", i), "no request reaches the pool '" + name + "': give it 'models', or a [[route]]");
    }
  }

  const Settings& settings_;
  const ConfigLines& lines_;
  std::vector<ConfigError> errors_;
  std::map<std::string, std::size_t> pool_at_;
  std::map<std::string, std::string> replica_at_;  // places
  std::map<std::string, std::string> model_at_;
};

}  // namespace

std::vector<ConfigError> check_settings(const Settings& settings, const ConfigLines& lines) {
  return Checker(settings, lines).check();
}

}  // namespace wp::control
