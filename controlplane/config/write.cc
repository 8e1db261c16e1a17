#include "controlplane/config/write.h"

#include <algorithm>
#include <map>
#include <utility>

#include "controlplane/config/keys.h"

namespace wp::control {
namespace {

std::string_view table_of(std::string_view path) {
  return path.substr(0, path.rfind('.'));
}

std::string_view leaf_of(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

// The rows' values, with a [table] line wherever another table begins. `current`: the table that is open.
template <class Owner>
void write_rows(std::string& text, const Owner& owner, const std::vector<Key<Owner>>& keys, std::string_view current) {
  for (const Key<Owner>& key : keys) {
    if (table_of(key.path) != current) {
      current = table_of(key.path);
      text += "\n[" + std::string(current) + "]\n";
    }
    text += std::string(leaf_of(key.path)) + " = " + key.write(owner) + "\n";
  }
}

struct ListRow {
  std::string key;
  std::string value;
  Apply apply;
  bool usual;  // it is what stands where nothing is said, and not what the member is known by
};

// The part of a path behind its list: "weight" of "pool.replica.weight".
template <class Owner>
void list_rows(std::vector<ListRow>& lines, const std::string& prefix, std::string_view list, const Owner& owner,
               const std::vector<Key<Owner>>& keys) {
  const Owner usual{};
  for (const Key<Owner>& key : keys) {
    const std::string_view rest = list.empty() ? key.path : key.path.substr(list.size() + 1);
    std::string value = key.write(owner);
    const bool is_usual = &key != &keys.front() && value == key.write(usual);
    lines.push_back({prefix + std::string(rest), std::move(value), key.apply, is_usual});
  }
}

std::vector<ListRow> flatten(const Settings& settings) {
  std::vector<ListRow> lines;
  list_rows(lines, "", "", settings, settings_keys());
  for (const PoolSettings& pool : settings.pools) {
    const std::string prefix = "pool." + pool.name + ".";
    list_rows(lines, prefix, kPoolList, pool, pool_keys());
    for (const ReplicaSpec& replica : pool.replicas) {
      list_rows(lines, prefix + "replica." + replica.name + ".", kReplicaList, replica, replica_keys());
    }
  }
  for (const RouteSettings& route : settings.routes) {
    list_rows(lines, "route." + route.model + ".", kRouteList, route, route_keys());
  }
  return lines;
}

}  // namespace

std::string write_settings(const Settings& settings) {
  std::string text;
  write_rows(text, settings, settings_keys(), "");
  for (const PoolSettings& pool : settings.pools) {
    text += "\n[[pool]]\n";
    write_rows(text, pool, pool_keys(), kPoolList);
    for (const ReplicaSpec& replica : pool.replicas) {
      text += "\n[[pool.replica]]\n";
      write_rows(text, replica, replica_keys(), kReplicaList);
    }
  }
  for (const RouteSettings& route : settings.routes) {
    text += "\n[[route]]\n";
    write_rows(text, route, route_keys(), kRouteList);
  }
  return text.substr(1);  // the empty line before the first table
}

std::vector<SettingsChange> diff_settings(const Settings& from, const Settings& to) {
  const std::vector<ListRow> before = flatten(from);
  const std::vector<ListRow> after = flatten(to);
  std::map<std::string_view, const ListRow*> old_by_key;
  for (const ListRow& line : before) old_by_key.emplace(line.key, &line);
  std::vector<SettingsChange> changes;
  for (const ListRow& line : after) {
    const auto old = old_by_key.find(line.key);
    if (old == old_by_key.end()) {
      if (!line.usual) changes.push_back({line.key, "", line.value, line.apply});
      continue;
    }
    if (old->second->value != line.value) changes.push_back({line.key, old->second->value, line.value, line.apply});
    old_by_key.erase(old);
  }
  for (const ListRow& line : before) {
    if (old_by_key.contains(line.key) && !line.usual) changes.push_back({line.key, line.value, "", line.apply});
  }
  return changes;
}

std::string to_string(const SettingsChange& change) {
  const auto shown = [](const std::string& value) { return value.empty() ? std::string("(none)") : value; };
  return change.key + ": " + shown(change.old_value) + " -> " + shown(change.new_value) +
         (change.apply == Apply::restart ? " (needs a restart)" : "");
}

}  // namespace wp::control
