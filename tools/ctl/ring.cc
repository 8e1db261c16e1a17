#include "tools/ctl/ring.h"

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/ctl/file_text.h"
#include "tools/ctl/table.h"

namespace wp::ctl {
namespace {

using Json = nlohmann::json;

struct LookupOptions {
  std::vector<std::string> keys;
  std::vector<std::string> files;
  std::string path = "/v1/chat/completions";
  std::string credential_file;
  std::string model;
  std::string pool;
};

std::string walk_table(const Json& walk, bool colour) {
  Table table({{"STEP"}, {"REPLICA"}, {"BOUNDS"}, {"STREAMS", Align::right}, {"PREFILL TOKENS", Align::right}});
  for (std::size_t i = 0; i < walk.size(); ++i) {
    const Json& step = walk[i];
    const bool within = step.at("within_bounds");
    table.add({i == 0 ? "home" : "overflow " + std::to_string(i), step.at("replica").get<std::string>(),
               within ? Cell("within", Tone::good) : Cell("over", Tone::warning),
               load_of_bound(step, "streams", "streams_bound"),
               load_of_bound(step, "prefill_tokens", "prefill_bound")});
  }
  return table.text(colour);
}

void show(const Context& context, const std::string& asked, const Json& found) {
  context.out << asked << ": ";
  if (found.at("replica").is_null()) {
    context.out << "no replica can be picked";
  } else {
    context.out << found.at("replica").get<std::string>() << " (" << found.at("decision").get<std::string>() << ")";
  }
  context.out << " in pool " << found.at("pool").get<std::string>() << ", by "
              << (found.at("by") == "session" ? "session" : "prompt prefix") << ", key "
              << found.at("key").get<std::string>() << "\n";
  if (found.at("walk").empty()) {
    context.out << "  no ring: the strategy is " << found.at("strategy").get<std::string>()
                << ", or nobody can be picked\n";
  } else {
    context.out << walk_table(found.at("walk"), context.colour);
  }
}

Outcome<void> lookup(const Context& context, const LookupOptions& options) {
  if (options.keys.empty() == options.files.empty()) {
    return trouble(ExitCode::usage, "session keys or --request FILE are wanted (see: warmpathctl ring lookup --help)");
  }
  Json common = Json::object();
  if (!options.model.empty()) common["model"] = options.model;
  if (!options.pool.empty()) common["pool"] = options.pool;
  if (!options.credential_file.empty()) {
    auto credential = read_line(options.credential_file);
    if (!credential) return std::unexpected(credential.error());
    common["credential"] = std::move(*credential);
  }
  Json replies = Json::array();
  const auto one = [&](const std::string& asked, Json question) -> Outcome<void> {
    question.update(common);
    const auto reply =
        ask_json(context, {"POST", "/ring/lookup", question.dump(-1, ' ', false, Json::error_handler_t::replace)});
    if (!reply) return std::unexpected(reply.error());
    if (!context.json) show(context, asked, *reply);
    replies.push_back(*reply);
    return {};
  };
  for (const std::string& key : options.keys) {
    if (auto shown = one(key, {{"session", key}}); !shown) return shown;
  }
  for (const std::string& file : options.files) {
    auto body = read_file(file);
    if (!body) return std::unexpected(body.error());
    if (auto shown = one(file, {{"request", *body}, {"path", options.path}}); !shown) return shown;
  }
  if (context.json) print_json(context, replies);
  return {};
}

}  // namespace

std::string load_of_bound(const Json& replica, const char* load, const char* bound) {
  return std::to_string(replica.at(load).get<std::uint64_t>()) + " of " +
         std::to_string(replica.at(bound).get<std::uint64_t>());
}

void declare_ring(CLI::App& root, Context& context) {
  CLI::App& group = add_command(root, context, {"ring", "where the ring leads", {"ring lookup user-42"}}, {});
  const auto options = std::make_shared<LookupOptions>();
  CLI::App& app = add_command(group, context,
                              {"lookup",
                               "which replica gets a session or a request: home, overflow, bounds and loads now",
                               {"ring lookup user-42 user-43              # as sent in X-Session-ID",
                                "ring lookup --request body.json          # as posted to /v1/chat/completions",
                                "ring lookup user-42 --credential-file f  # f: the Authorization header's value"}},
                              [&context, options] { return lookup(context, *options); });
  app.add_option("KEY", options->keys, "session keys")->type_name("");
  context.completes(
      *app.add_option("--request", options->files, "files with the bodies of requests")->type_name("FILE"),
      Names::files);
  app.add_option("--path", options->path, "where the requests are posted to")
      ->type_name("PATH")
      ->default_str(options->path);
  context.completes(
      *app.add_option("--credential-file", options->credential_file,
                      "the value of the client's Authorization or x-api-key, which sessions are hashed with")
           ->type_name("FILE"),
      Names::files);
  app.add_option("--model", options->model, "the model that is asked for, where pools differ")->type_name("NAME");
  context.completes(*app.add_option("--pool", options->pool, "this pool, whatever the model")->type_name("NAME"),
                    Names::pools);
}

}  // namespace wp::ctl
