#include "controlplane/config/page.h"

#include "controlplane/config/keys.h"

namespace wp::control {
namespace {

constexpr std::string_view kOpening =
    "# Configuration\n\n"
    "`warmpathd --config FILE` reads a TOML file; without options it reads `/etc/warmpath/warmpath.toml`, if there is\n"
    "one. Unknown or repeated keys, wrong values and settings that do not fit each other are errors with file, line\n"
    "and, for an unknown key, the nearest known one; all errors of a file are told, only a text that is not TOML ends "
    "at\n"
    "its first. [deploy/warmpath.toml](../deploy/warmpath.toml) is an example with comments. This page is made from "
    "the\n"
    "table that reads the file: `warmpathd --print-config-reference`.\n\n"
    "Keys marked *reload* may change while the daemon runs, those marked *restart* are fixed when it starts.\n";

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

template <class Owner>
void write_rows(std::string& page, const std::vector<Key<Owner>>& keys, std::string_view table) {
  const Owner defaults{};
  page += "\n| key | value | default | takes effect | meaning |\n|---|---|---|---|---|\n";
  for (const Key<Owner>& key : keys) {
    if (!key.path.starts_with(table)) continue;
    const std::string shown = key.write(defaults);
    // An empty text is no default where one must be given.
    const bool has_default = shown != "\"http://\"" && shown != "\"\"" && shown != "[]";
    page += "| `" + std::string(key.path) + "` | " + cell(key.type) + " | " +
            (has_default ? "`" + cell(shown) + "`" : std::string("-")) + " | " + std::string(word(key.apply)) + " | " +
            cell(key.meaning) + " |\n";
  }
}

}  // namespace

std::string config_page() {
  std::string page(kOpening);
  std::string_view table;
  for (const Key<Settings>& key : settings_keys()) {
    const std::string_view own = key.path.substr(0, key.path.find('.') + 1);
    if (own == table) continue;
    table = own;
    page += "\n## [" + std::string(own.substr(0, own.size() - 1)) + "]\n";
    write_rows(page, settings_keys(), own);
  }
  page += "\n## [[pool]]\n\nReplicas that serve the same models.\n";
  write_rows(page, pool_keys(), "");
  page += "\n## [[pool.replica]]\n\nAt least one in each pool, and each in one pool only.\n";
  write_rows(page, replica_keys(), "");
  page +=
      "\n## [[route]]\n\nWhere requests go by the model that they name. The `models` of a pool are routes, too. A file "
      "with\none pool and neither needs none: everything goes there.\n";
  write_rows(page, route_keys(), "");
  return page;
}

}  // namespace wp::control
