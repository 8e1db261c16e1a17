#include "tools/ctl/config.h"

#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "controlplane/config/read.h"
#include "controlplane/config/toml.h"
#include "tools/ctl/file_text.h"
#include "tools/ctl/human.h"
#include "tools/ctl/table.h"

namespace wp::ctl {
namespace {

using Json = nlohmann::json;
using control::ConfigError;
using control::TomlValue;

Json problems_json(const std::vector<ConfigError>& errors) {
  Json list = Json::array();
  for (const ConfigError& error : errors) {
    const Json line = error.line == 0 ? Json() : Json(error.line);
    list.push_back({{"line", line}, {"message", error.message}});
  }
  return list;
}

// The errors as trouble, a line each: "FILE:LINE: message".
Trouble told(const std::vector<ConfigError>& errors, const std::string& file) {
  Trouble trouble{ExitCode::refused, to_string(errors.front(), file)};
  for (const ConfigError& error : errors) trouble.more.push_back(to_string(error, file));
  trouble.more.erase(trouble.more.begin());
  return trouble;
}

std::string good_line(const control::Settings& settings, const std::string& file) {
  return file + " is good: " + counted(settings.pools.size(), "pool") + ", " +
         counted(all_replicas(settings).size(), "replica") + ", " + counted(all_routes(settings).size(), "route") +
         "\n";
}

Outcome<void> check(const Context& context, const std::string& file) {
  const auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  const auto settings = control::read_settings(*text);
  if (context.json) {
    const Json problems = settings ? Json::array() : problems_json(settings.error());
    print_json(context, {{"file", file}, {"good", settings.has_value()}, {"problems", problems}});
  }
  if (!settings) return std::unexpected(told(settings.error(), file));
  if (!context.json) context.out << good_line(*settings, file);
  return {};
}

// A setting as the same value in JSON. There is no key that takes a date.
Json to_json(const TomlValue& value) {
  switch (value.kind) {
    case TomlValue::Kind::boolean: return value.boolean;
    case TomlValue::Kind::integer: return value.integer;
    case TomlValue::Kind::number: return value.number;
    case TomlValue::Kind::string: return value.string;
    case TomlValue::Kind::date: return nullptr;
    case TomlValue::Kind::array: {
      Json list = Json::array();
      for (const TomlValue& child : value.children) list.push_back(to_json(child));
      return list;
    }
    case TomlValue::Kind::table: {
      Json object = Json::object();
      for (const TomlValue& child : value.children) object[child.key] = to_json(child);
      return object;
    }
  }
  return nullptr;
}

Outcome<void> show(const Context& context) {
  const auto text = ask_text(context, {.path = "/config"});
  if (!text) return std::unexpected(text.error());
  const auto settings = control::parse_toml(*text);
  if (!settings) return trouble(ExitCode::garbled, "the answer to /config is no TOML: " + settings.error().message);
  if (context.json) {
    print_json(context, to_json(*settings));
  } else {
    context.out << *text;
  }
  return {};
}

std::string changes_table(const Json& changes, bool colour) {
  Table table({{"KEY"}, {"OLD"}, {"NEW"}, {"TAKES EFFECT"}});
  const auto shown = [](const Json& value) {
    auto text = value.get<std::string>();
    return text.empty() ? std::string("-") : text;
  };
  for (const Json& change : changes) {
    table.add({change.at("key").get<std::string>(), shown(change.at("old")), shown(change.at("new")),
               change.at("restart") == true ? Cell("restart", Tone::warning) : Cell("reload")});
  }
  return table.text(colour);
}

// What to do about the differences.
std::string advice(const Json& changes, const std::string& own_file) {
  const bool restart = std::ranges::any_of(changes, [](const Json& change) { return change.at("restart") == true; });
  if (restart) return "a reload will be refused as a whole: the keys marked so need a restart of warmpathd\n";
  return own_file.empty() ? "" : "apply " + own_file + " with: warmpathctl config reload\n";
}

// Of the file on this machine, or without a name of the daemon's own file as it is now.
Outcome<Json> ask_diff(const Context& context, const std::string& file) {
  if (file.empty()) return ask_json(context, {.path = "/config/diff"});
  auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  auto reply = ask_json(context, {"POST", "/config/diff", std::move(*text)});
  if (!reply && reply.error().code == ExitCode::refused) {
    reply.error().line.insert(0, file + ": ");
    for (std::string& line : reply.error().more) line.insert(0, file + ": ");
  }
  return reply;
}

Outcome<void> diff(const Context& context, const std::string& file) {
  const auto reply = ask_diff(context, file);
  if (!reply) return std::unexpected(reply.error());
  const Json& changes = reply->at("changes");
  if (context.json) {
    print_json(context, *reply);
  } else if (changes.empty()) {
    context.out << "no differences\n";
  } else {
    context.out << changes_table(changes, context.colour)
                << advice(changes, file.empty() ? reply->at("file").get<std::string>() : "");
  }
  return {};
}

Outcome<void> reload(const Context& context) {
  const auto reply = ask_json(context, {"POST", "/config/reload", ""});
  if (!reply) return std::unexpected(reply.error());
  const Json& changes = reply->at("changes");
  const std::string file = reply->at("file");
  if (context.json) {
    print_json(context, *reply);
  } else if (changes.empty()) {
    context.out << file << " has not changed\n";
  } else {
    context.out << file << " is applied: " << counted(changes.size(), "change") << "\n"
                << changes_table(changes, context.colour);
  }
  return {};
}

void declare_check(CLI::App& group, Context& context) {
  const auto file = std::make_shared<std::string>(control::kDefaultConfigFile);
  CLI::App& app = add_command(group, context,
                              {"check",
                               "read a file as warmpathd does, and say all that is wrong with it; needs no daemon",
                               {"config check                                # /etc/warmpath/warmpath.toml",
                                "config check new.toml && cp new.toml /etc/warmpath/warmpath.toml",
                                "config check new.toml --json | jq '.problems[].line'"}},
                              [&context, file] { return check(context, *file); });
  context.completes(*app.add_option("FILE", *file, "the file")->type_name("")->default_str(*file), Names::files);
}

void declare_diff(CLI::App& group, Context& context) {
  const auto file = std::make_shared<std::string>();
  CLI::App& app =
      add_command(group, context,
                  {"diff",
                   "what a reload would change, and whether it needs a restart",
                   {"config diff             # the daemon's file as it is now, against what it runs with",
                    "config diff new.toml    # a file of this machine, before it takes the place of the other",
                    "config diff --json | jq -e '.changes == []'"}},
                  [&context, file] { return diff(context, *file); });
  context.completes(*app.add_option("FILE", *file, "instead of the daemon's own")->type_name(""), Names::files);
}

}  // namespace

void declare_config(CLI::App& root, Context& context) {
  CLI::App& group = add_command(root, context,
                                {"config",
                                 "check, show, compare and reload the configuration",
                                 {"config check new.toml", "config show", "config diff new.toml", "config reload"}},
                                {});
  declare_check(group, context);
  add_command(
      group, context,
      {"show",
       "the settings of the last good load, all keys, as a file; run-time changes lie over them (replicas list)",
       {"config show > warmpath.toml    # also from a daemon that was started with flags",
        "config show --json | jq .limits"}},
      [&context] { return show(context); });
  declare_diff(group, context);
  add_command(group, context,
              {"reload",
               "have the daemon read its file again: all of it is applied, or nothing; drops no request",
               {"config diff && warmpathctl config reload", "config reload --json | jq -r .result"}},
              [&context] { return reload(context); });
}

}  // namespace wp::ctl
