#include "controlplane/config/read.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "controlplane/config/check.h"
#include "controlplane/config/keys.h"
#include "controlplane/config/toml.h"
#include "controlplane/nearest.h"

namespace wp::control {
namespace {

constexpr std::size_t kMaxErrors = 100;  // more are not read by anybody

std::string_view leaf(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

std::string_view parent(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return path.substr(0, dot == std::string_view::npos ? 0 : dot);
}

// Paths that may stand in a file, and those of them that are tables or lists of tables.
struct KnownPaths {
  std::vector<std::string_view> keys;
  std::vector<std::string_view> tables = {kPoolList, kReplicaList, kRouteList};

  KnownPaths() {
    const auto add = [this](const auto& rows) {
      for (const auto& row : rows) {
        keys.push_back(row.path);
        const std::string_view table = row.path.substr(0, row.path.rfind('.'));
        if (std::ranges::find(tables, table) == tables.end()) tables.push_back(table);
      }
    };
    add(settings_keys());
    add(pool_keys());
    add(replica_keys());
    add(route_keys());
  }

  [[nodiscard]] bool is_table(std::string_view path) const { return std::ranges::find(tables, path) != tables.end(); }

  // The known path that was probably meant: the one whose last word is nearest, of the same kind and table where
  // several are. Empty when none is near.
  [[nodiscard]] std::string_view meant(std::string_view path, bool table) const {
    std::vector<std::string_view> known = tables;
    known.insert(known.end(), keys.begin(), keys.end());
    std::ranges::stable_partition(known, [&](std::string_view other) { return is_table(other) == table; });
    std::ranges::stable_partition(known, [&](std::string_view other) { return parent(other) == parent(path); });
    std::vector<std::string_view> leaves;
    leaves.reserve(known.size());
    for (const std::string_view other : known) leaves.push_back(leaf(other));
    const auto found = std::ranges::find(leaves, nearest(leaf(path), leaves));
    return found == leaves.end() ? std::string_view() : known[static_cast<std::size_t>(found - leaves.begin())];
  }
};

class Reader {
 public:
  [[nodiscard]] Settings read(const TomlValue& root) {
    Settings settings;
    read_table(root, "", "", settings, settings_keys());
    return settings;
  }

  [[nodiscard]] const ConfigLines& lines() const { return lines_; }
  [[nodiscard]] std::vector<ConfigError>& errors() { return errors_; }

 private:
  void wrong(std::uint32_t line, std::string message) { errors_.push_back({line, std::move(message)}); }

  // `path` is the table's path in the table of keys, `place` the one with numbers; both end in a dot or are empty.
  template <class Owner>
  void read_table(const TomlValue& table, const std::string& path, const std::string& place, Owner& owner,
                  const std::vector<Key<Owner>>& keys) {
    for (const TomlValue& child : table.children) {
      const std::string child_path = path + child.key;
      const std::string child_place = place + child.key;
      lines_.note(child_place, child.line);
      const auto key = std::ranges::find(keys, child_path, &Key<Owner>::path);
      if (key != keys.end()) {
        if (const Problem problem = key->read(child, owner)) wrong(child.line, "'" + child_path + "': " + *problem);
      } else if (is_list(child_path)) {
        read_list(child, child_path, child_place, owner);
      } else if (known_.is_table(child_path) && child.is(TomlValue::Kind::table)) {
        read_table(child, child_path + ".", child_place + ".", owner, keys);
      } else {
        unknown(child, child_path);
      }
    }
  }

  [[nodiscard]] static bool is_list(std::string_view path) {
    return path == kPoolList || path == kReplicaList || path == kRouteList;
  }

  void read_list(const TomlValue& list, const std::string& path, const std::string& place, Settings& settings) {
    if (path == kPoolList) return read_members(list, path, place, settings.pools, pool_keys());
    read_members(list, path, place, settings.routes, route_keys());
  }

  void read_list(const TomlValue& list, const std::string& path, const std::string& place, PoolSettings& pool) {
    read_members(list, path, place, pool.replicas, replica_keys());
  }

  // Replicas and routes hold no lists.
  template <class Owner>
  void read_list(const TomlValue& list, const std::string& path, const std::string& /*place*/, Owner& /*owner*/) {
    unknown(list, path);
  }

  template <class Member>
  void read_members(const TomlValue& list, const std::string& path, const std::string& place,
                    std::vector<Member>& members, const std::vector<Key<Member>>& keys) {
    if (!list.is_table_list()) return wrong(list.line, "'" + path + "' is a list of tables: write [[" + path + "]]");
    for (std::size_t i = 0; i < list.children.size(); ++i) {
      const std::string member_place = place + "[" + std::to_string(i) + "]";
      lines_.note(member_place, list.children[i].line);
      read_table(list.children[i], path + ".", member_place + ".", members.emplace_back(), keys);
    }
  }

  // Looks for what was meant only while the line will be shown: one more says that others follow.
  void unknown(const TomlValue& value, const std::string& path) {
    if (errors_.size() > kMaxErrors) return;
    const bool table = value.is(TomlValue::Kind::table) || value.is_table_list();
    if (!table && known_.is_table(path)) return wrong(value.line, "'" + path + "' is a table: write [" + path + "]");
    const std::string_view meant = known_.meant(path, table);
    std::string message = std::string("unknown ") + (table ? "table" : "key") + " '" + path + "'";
    if (asks_for_tls(value.key)) {
      message += "; " + std::string(kNoTls);
    } else if (!meant.empty()) {
      message += "; did you mean '" + std::string(meant) + "'?";
    }
    wrong(value.line, std::move(message));
  }

  const KnownPaths known_;
  ConfigLines lines_;
  std::vector<ConfigError> errors_;
};

}  // namespace

std::expected<Settings, std::vector<ConfigError>> read_settings(std::string_view text) {
  using Errors = std::vector<ConfigError>;
  if (text.size() > kMaxConfigBytes) {
    return std::unexpected(Errors{{0, "larger than " + std::to_string(kMaxConfigBytes) + " bytes"}});
  }
  const auto root = parse_toml(text);
  if (!root) return std::unexpected(Errors{{root.error().line, root.error().message}});
  Reader reader;
  Settings settings = reader.read(*root);
  if (settings.server.listen.empty()) settings.server.listen.push_back(default_listen());
  Errors& errors = reader.errors();
  std::ranges::move(check_settings(settings, reader.lines()), std::back_inserter(errors));
  std::ranges::stable_sort(errors, {}, &ConfigError::line);
  if (errors.size() > kMaxErrors) {
    errors.resize(kMaxErrors);
    errors.push_back({errors.back().line, "more errors follow"});
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return settings;
}

std::expected<Settings, std::vector<std::string>> load_settings(const std::string& file) {
  using Lines = std::vector<std::string>;
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  const auto unreadable = [&] {
    return std::unexpected(
        Lines{file + ": cannot be read: " + (errno == 0 ? "no regular file" : std::strerror(errno))});
  };
  if (!stream) return unreadable();
  std::string text(kMaxConfigBytes + 1, '\0');  // one more than is allowed shows a file that is too large
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return unreadable();
  text.resize(static_cast<std::size_t>(stream.gcount()));
  auto settings = read_settings(text);
  if (settings) return std::move(*settings);
  Lines lines;
  for (const ConfigError& error : settings.error()) lines.push_back(to_string(error, file));
  return std::unexpected(std::move(lines));
}

}  // namespace wp::control
