#include "tools/ctl/replicas.h"

#include <chrono>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "controlplane/duration_text.h"
#include "tools/ctl/duration_option.h"
#include "tools/ctl/human.h"
#include "tools/ctl/knowledge.h"
#include "tools/ctl/replica_path.h"
#include "tools/ctl/table.h"

namespace wp::ctl {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr auto kPollInterval = std::chrono::milliseconds(100);

std::string number(const Json& value) {
  return std::to_string(value.get<std::uint64_t>());
}

Cell state_cell(const Json& replica) {
  const std::string state = replica.at("state");
  if (state == "up") return replica.at("pickable") == true ? Cell(state, Tone::good) : Cell("no address", Tone::bad);
  return {state, state == "down" ? Tone::bad : Tone::warning};
}

std::string addresses(const Json& replica) {
  std::string text;
  for (const Json& address : replica.at("addresses")) {
    text += (text.empty() ? "" : " ") + address.get<std::string>();
  }
  return text.empty() ? "-" : text;
}

// How it differs from the configuration.
std::string changed(const Json& replica) {
  std::string text;
  for (const Json& word : replica.at("changed")) text += (text.empty() ? "" : ", ") + word.get<std::string>();
  return text;
}

// What the table cannot show: changes of replicas that are not there.
std::string absent(const Json& reply) {
  std::string text;
  for (const Json& name : reply.at("removed")) {
    text += "removed: " + name.get<std::string>() + "; back with: warmpathctl replicas reset " +
            name.get<std::string>() + "\n";
  }
  for (const Json& name : reply.at("dormant")) {
    text += "changed, and no longer configured: " + name.get<std::string>() +
            "; forget it with: warmpathctl replicas reset " + name.get<std::string>() + "\n";
  }
  return text;
}

std::string replicas_table(const Json& replicas, bool colour) {
  Table table({{"REPLICA"},
               {"POOL"},
               {"STATE"},
               {"HEALTH"},
               {"WEIGHT", Align::right},
               {"PRIORITY", Align::right},
               {"STREAMS", Align::right},
               {"PREFILL TOKENS", Align::right},
               {"KNOWN BY"},
               {"ADDRESSES"},
               {"CHANGED"}});
  for (const Json& replica : replicas) {
    table.add({replica.at("name").get<std::string>(), replica.at("pool").get<std::string>(), state_cell(replica),
               replica.at("health").get<std::string>(), number(replica.at("weight")), number(replica.at("priority")),
               number(replica.at("streams")), number(replica.at("prefill_tokens")), knowledge_cell(replica),
               addresses(replica), changed(replica)});
  }
  return table.text(colour);
}

Outcome<void> list(const Context& context) {
  const auto reply = ask_json(context, {.path = "/replicas"});
  if (!reply) return std::unexpected(reply.error());
  if (context.json) {
    print_json(context, *reply);
  } else if (reply->at("replicas").empty()) {
    context.out << "no replicas; add one with: warmpathctl replicas add http://HOST:PORT\n" << absent(*reply);
  } else {
    context.out << replicas_table(reply->at("replicas"), context.colour) << absent(*reply);
  }
  return {};
}

// The same change of each replica, in the order given; the first that is refused ends it. With --json one array.
template <class Say>
Outcome<void> each(const Context& context, const std::vector<std::string>& names, const Ask& how, std::string_view verb,
                   Say&& say) {
  Json replies = Json::array();
  for (const std::string& name : names) {
    const auto reply = ask_json(context, {how.method, replica_path(name, verb), how.body});
    if (!reply) return std::unexpected(reply.error());
    print_warning(context, *reply);
    if (!context.json) context.out << say(*reply) << "\n";
    replies.push_back(*reply);
  }
  if (context.json) print_json(context, replies);
  return {};
}

std::string drains(const Json& replica) {
  const std::uint64_t streams = replica.at("streams");
  const std::string name = replica.at("name");
  return streams == 0 ? name + " is drained" : name + " drains, with " + counted(streams, "stream") + " to finish";
}

// Asks until the replica has no streams.
Outcome<void> wait_drained(const Context& context, const std::string& name, Duration wait) {
  const auto deadline = Clock::now() + std::chrono::nanoseconds(wait.ns);
  boost::asio::io_context io;
  boost::asio::steady_timer pause(io);
  for (;;) {
    const auto reply = ask_json(context, {.path = replica_path(name)});
    if (!reply) return std::unexpected(reply.error());
    const std::uint64_t streams = reply->at("streams");
    if (streams == 0) return {};
    if (Clock::now() >= deadline) {
      return trouble(ExitCode::not_in_time, replica_name(name) + " still has " + counted(streams, "stream") +
                                                " after " + control::to_string(wait) + "; it goes on draining");
    }
    pause.expires_after(kPollInterval);
    pause.wait();
  }
}

struct DrainOptions {
  std::vector<std::string> names;
  Duration wait;
};

Outcome<void> drain(const Context& context, const DrainOptions& options) {
  const bool waits = options.wait > Duration{};
  Json replies = Json::array();
  for (const std::string& name : options.names) {
    auto reply = ask_json(context, {"POST", replica_path(name, "drain"), ""});
    if (!reply) return std::unexpected(reply.error());
    print_warning(context, *reply);
    if (!context.json) context.out << drains(*reply) << "\n" << std::flush;
    replies.push_back(std::move(*reply));
  }
  for (Json& reply : replies) {
    if (!waits || reply.at("streams") == 0) continue;
    const std::string name = reply.at("name");
    if (auto waited = wait_drained(context, name, options.wait); !waited) return waited;
    if (!context.json) context.out << name << " is drained\n";
    reply["streams"] = 0;
  }
  if (context.json) print_json(context, replies);
  return {};
}

// The replica or the replicas that a command is about.
template <class Value>
CLI::Option& replica_option(CLI::App& app, Value& value) {
  return *app.add_option("REPLICA", value, "as `replicas list` names it")->required()->type_name("");
}

void declare_list(CLI::App& group, Context& context) {
  add_command(group, context,
              {"list",
               "every replica with its state, weight and load now",
               {"replicas list", "replicas list --json | jq -r '.replicas[] | select(.state == \"down\") | .name'"}},
              [&context] { return list(context); });
}

struct AddOptions {
  std::string url;
  std::string pool;
  std::uint32_t weight = 0;  // 0: not given
  std::optional<std::uint32_t> priority;
};

void declare_add(CLI::App& group, Context& context) {
  const auto options = std::make_shared<AddOptions>();
  CLI::App& add = add_command(
      group, context,
      {"add",
       "add a replica; it gets requests at once",
       {"replicas add http://10.0.0.13:8000", "replicas add gpu-4:8000 --weight 50 --priority 1"}},
      [&context, options]() -> Outcome<void> {
        Json body = {{"url", options->url}};
        if (options->weight != 0) body["weight"] = options->weight;
        if (!options->pool.empty()) body["pool"] = options->pool;
        if (options->priority) body["priority"] = *options->priority;
        const auto reply = ask_json(context, {"POST", "/replicas", body.dump()});
        if (!reply) return std::unexpected(reply.error());
        print_warning(context, *reply);
        if (context.json) {
          print_json(context, *reply);
        } else {
          context.out << reply->at("name").get<std::string>() << " is added, weight " << reply->at("weight") << "\n";
        }
        return {};
      });
  add.add_option("URL", options->url, "http://HOST:PORT or HOST:PORT")->required()->type_name("");
  add.add_option("--weight", options->weight, "its share relative to the others', 1 to 1000 [100]")->type_name("N");
  context.completes(
      *add.add_option("--pool", options->pool, "the pool that it joins [where it is configured, else the first]")
           ->type_name("NAME"),
      Names::pools);
  add.add_option("--priority", options->priority, "0 first; higher ones wait until no lower one is left [0]")
      ->type_name("N");
}

void declare_drain(CLI::App& group, Context& context) {
  const auto options = std::make_shared<DrainOptions>();
  CLI::App& drain_app =
      add_command(group, context,
                  {"drain",
                   "give a replica no new requests; those it has go on",
                   {"replicas drain 10.0.0.11:8000", "replicas drain 10.0.0.11:8000 --wait 5m && reboot-it"}},
                  [&context, options] { return drain(context, *options); });
  context.completes(replica_option(drain_app, options->names), Names::serving);
  add_duration(drain_app, "--wait", "until its last stream has ended, for so long at most; exit status 4 if it has not",
               options->wait);
}

// A command that sends the same to every replica named.
void declare_each(CLI::App& group, Context& context, const Command& command, std::string method, std::string verb,
                  std::string (*say)(const Json& reply), Names which) {
  const auto names = std::make_shared<std::vector<std::string>>();
  CLI::App& app =
      add_command(group, context, command, [&context, names, method = std::move(method), verb = std::move(verb), say] {
        return each(context, *names, {.method = method}, verb, say);
      });
  context.completes(replica_option(app, *names), which);
}

void declare_weight(CLI::App& group, Context& context) {
  struct Weight {
    std::string name;
    std::uint32_t weight = 0;
  };
  const auto options = std::make_shared<Weight>();
  CLI::App& app = add_command(
      group, context,
      {"weight", "change a replica's share of the requests", {"replicas weight 10.0.0.11:8000 50   # half of 100"}},
      [&context, options] {
        const Json body = {{"weight", options->weight}};
        return each(context, {options->name}, {.method = "POST", .body = body.dump()}, "weight", [](const Json& reply) {
          return reply.at("name").get<std::string>() + " has weight " + number(reply.at("weight"));
        });
      });
  context.completes(replica_option(app, options->name), Names::replicas);
  app.add_option("WEIGHT", options->weight, "1 to 1000, relative to the others'")->required()->type_name("");
}

struct ResetOptions {
  std::vector<std::string> names;
  bool all = false;
};

Outcome<void> reset(const Context& context, const ResetOptions& options) {
  if (options.names.empty() != options.all) {
    return trouble(ExitCode::usage, "replicas or --all are wanted (see: warmpathctl replicas reset --help)");
  }
  std::vector<std::string> paths;
  paths.reserve(options.names.size() + 1);
  for (const std::string& name : options.names) paths.push_back(change_path(name));
  if (options.all) paths.emplace_back("/changes");
  Json last;
  for (const std::string& path : paths) {
    const auto reply = ask_json(context, {.method = "DELETE", .path = path});
    if (!reply) return std::unexpected(reply.error());
    last = *reply;
  }
  print_warning(context, last);
  if (context.json) {
    print_json(context, last);
    return {};
  }
  if (options.all) context.out << "every replica is as it is configured\n";
  for (const std::string& name : options.names) context.out << replica_name(name) << " is as it is configured\n";
  return {};
}

void declare_reset(CLI::App& group, Context& context) {
  const auto options = std::make_shared<ResetOptions>();
  CLI::App& app = add_command(group, context,
                              {"reset",
                               "forget what was changed at run time: back to the configuration",
                               {"replicas reset 10.0.0.11:8000", "replicas reset --all"}},
                              [&context, options] { return reset(context, *options); });
  context.completes(*replica_option(app, options->names).required(false), Names::changed);
  app.add_flag("--all", options->all, "every change of every replica");
}

}  // namespace

void declare_replicas(CLI::App& root, Context& context) {
  CLI::App& group = add_command(root, context,
                                {"replicas",
                                 "list and change the replicas",
                                 {"replicas list", "replicas add http://10.0.0.13:8000",
                                  "replicas drain 10.0.0.11:8000 --wait 5m", "replicas undrain 10.0.0.11:8000"}},
                                {});
  declare_list(group, context);
  declare_add(group, context);
  declare_drain(group, context);
  declare_each(
      group, context, {"undrain", "give a draining replica requests again", {"replicas undrain 10.0.0.11:8000"}},
      "POST", "undrain", [](const Json& reply) { return reply.at("name").get<std::string>() + " is up"; },
      Names::draining);
  declare_each(
      group, context,
      {"remove", "forget a replica; requests it has go on to their end", {"replicas remove 10.0.0.11:8000"}}, "DELETE",
      "", [](const Json& reply) { return reply.at("removed").get<std::string>() + " is removed"; }, Names::replicas);
  declare_weight(group, context);
  declare_reset(group, context);
}

}  // namespace wp::ctl
