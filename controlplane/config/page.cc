#include "controlplane/config/page.h"

#include "controlplane/config/keys.h"

namespace wp::control {
namespace {

constexpr std::string_view kOpening = R"(# Configuration

`warmpathd --config FILE` reads a TOML file; without options it reads `/etc/warmpath/warmpath.toml`, if there is one.
Unknown or repeated keys, wrong values and settings that do not fit each other are errors with file, line and, for an
unknown key, the nearest known one; all errors of a file are told, only a text that is not TOML ends at its first.
[deploy/warmpath.toml](../deploy/warmpath.toml) is an example with comments. This page is made from the table that
reads the file: `warmpathd --print-config-reference`.

`warmpathctl config check FILE` tells the errors without a daemon, `config diff` what a reload would change.
`warmpathctl config reload` has the daemon read its file again, as does SIGHUP. What changed in it since it was last
loaded is applied at once, all of it or nothing; a file with errors, or one that changes a key marked *restart*, is
refused with a line that says why. No request is dropped: replicas that stay keep their connections, the requests of
one that leaves go on to their end, and times are those of when a wait began. What was changed at run time through the
admin API (a replica added, removed, drained, or its weight) lies over the file and stays, until
`warmpathctl replicas reset` takes it away. A replica given by name gets requests once its name has been looked up.
)";

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
      "with\none pool and neither needs none: everything goes there.\n\n`GET /v1/models` is answered with every model "
      "that "
      "`models` and exact routes name, whichever pool has\nit; where a file names none, a replica is asked, the one "
      "that "
      "a request without a model goes to.\n`/v1/models/NAME` goes to the pool of that model.\n";
  write_rows(page, route_keys(), "");
  return page;
}

}  // namespace wp::control
