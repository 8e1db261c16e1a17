#include "tools/ctl/route.h"

#include <cstdint>
#include <iomanip>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/ctl/file_text.h"
#include "tools/ctl/knowledge.h"
#include "tools/ctl/ring.h"
#include "tools/ctl/table.h"

namespace wp::ctl {
namespace {

using Json = nlohmann::json;

struct ExplainOptions {
  std::string file;
  std::vector<std::string> headers;
  std::string credential_file;
  std::string path = "/v1/chat/completions";
  std::string pool;
};

std::string text_of(const Json& value) {
  return value.get<std::string>();
}

std::string number_of(const Json& value) {
  return std::to_string(value.get<std::uint64_t>());
}

// The ends of rungs, in bytes of what the prompt's hashes are made over.
std::string ends_of(const Json& rungs) {
  std::string text;
  for (const Json& rung : rungs) text += (text.empty() ? "" : " ") + number_of(rung.at("end"));
  return text.empty() ? "none" : text;
}

std::string session_of(const Json& found) {
  const Json& session = found.at("session");
  if (session.is_null()) return "none; by its beginning it would be " + text_of(found.at("derived_session"));
  return text_of(session.at("hash")) + ", from the " + text_of(session.at("from"));
}

std::string ring_of(const Json& ring) {
  if (ring.is_null()) return "not asked";
  return "by " + text_of(ring.at("by")) + ", key " + text_of(ring.at("key"));
}

std::string request_facts(const Json& found, bool colour) {
  const Json& route = found.at("route");
  const std::string model = text_of(found.at("model"));
  return fact_lines(
      {{"api", text_of(found.at("api")) + (found.at("stream") == true ? ", streamed" : "")},
       {"model", model.empty() ? "none" : model},
       {"pool", text_of(found.at("pool")) + ", " + (route.is_null() ? "asked for" : "by the route " + text_of(route))},
       {"strategy", text_of(found.at("strategy"))},
       {"prompt", "about " + number_of(found.at("estimated_tokens")) + " tokens, " +
                      number_of(found.at("canonical_bytes")) + " bytes hashed"},
       {"session", session_of(found)},
       {"first chunk", text_of(found.at("first_chunk"))},
       {"ladder", ends_of(found.at("ladder"))},
       {"turn ends", ends_of(found.at("ends"))},
       {"ring", ring_of(found.at("ring"))}},
      colour);
}

std::string whole(const Json& candidate, const char* key) {
  if (!candidate.contains(key)) return "-";
  std::ostringstream text;
  text << std::fixed << std::setprecision(0) << candidate.at(key).get<double>();
  return text.str();
}

std::string place_of(const Json& place) {
  if (place.is_null()) return "-";
  return place == 0 ? "home" : "overflow " + number_of(place);
}

// With what the strategy expects of each, where it expects anything.
std::string table_of(const Json& found, bool colour) {
  bool weighed = false;
  for (const Json& candidate : found.at("candidates")) weighed = weighed || candidate.contains("cost");
  std::vector<Column> columns = {
      {"REPLICA"}, {"STATE"}, {"RING"}, {"BOUNDS"}, {"STREAMS", Align::right}, {"PREFILL TOKENS", Align::right}};
  if (weighed) {
    for (const char* head : {"CACHED", "QUEUE", "COST"}) columns.push_back({head, Align::right});
  }
  columns.push_back({"KNOWN BY"});
  columns.push_back({""});
  Table table(std::move(columns));
  for (const Json& candidate : found.at("candidates")) {
    const std::string state = text_of(candidate.at("state"));
    const bool within = candidate.at("within_bounds");
    std::vector<Cell> row = {text_of(candidate.at("replica")),
                             {state, state == "up"     ? Tone::good
                                     : state == "down" ? Tone::bad
                                                       : Tone::warning},
                             place_of(candidate.at("ring")),
                             within ? Cell("within", Tone::good) : Cell("over", Tone::warning),
                             load_of_bound(candidate, "streams", "streams_bound"),
                             load_of_bound(candidate, "prefill_tokens", "prefill_bound")};
    if (weighed) {
      for (const char* key : {"cached_tokens", "queue_tokens", "cost"}) row.emplace_back(whole(candidate, key));
    }
    row.push_back(knowledge_cell(candidate));
    row.emplace_back(candidate.at("chosen") == true ? "<- " + text_of(found.at("decision")) : "");
    table.add(std::move(row));
  }
  return table.text(colour);
}

void show_route(const Context& context, const std::string& file, const Json& found) {
  context.out << file << ": ";
  if (found.at("replica").is_null()) {
    context.out << "no replica can be picked\n";
  } else {
    context.out << text_of(found.at("replica")) << " (" << text_of(found.at("decision")) << ")\n";
  }
  context.out << request_facts(found, context.colour) << table_of(found, context.colour);
  if (const auto left_out = found.at("left_out").get<std::uint64_t>(); left_out > 0) {
    context.out << "and " << left_out << " more\n";
  }
}

Outcome<void> explain(const Context& context, const ExplainOptions& options) {
  auto body = read_file(options.file);
  if (!body) return std::unexpected(body.error());
  Json question = {{"request", std::move(*body)}, {"path", options.path}, {"headers", options.headers}};
  if (!options.pool.empty()) question["pool"] = options.pool;
  if (!options.credential_file.empty()) {
    const auto credential = read_line(options.credential_file);
    if (!credential) return std::unexpected(credential.error());
    question["headers"].push_back("Authorization: " + *credential);
  }
  std::string text;
  try {
    text = question.dump();
  } catch (const Json::type_error&) {
    return trouble(ExitCode::refused, options.file + " is not UTF-8: warmpathd would refuse it");
  }
  const auto reply = ask_json(context, {"POST", "/route/explain", std::move(text)});
  if (!reply) return std::unexpected(reply.error());
  if (context.json) {
    print_json(context, *reply);
  } else {
    show_route(context, options.file, *reply);
  }
  return {};
}

}  // namespace

void declare_route(CLI::App& root, Context& context) {
  CLI::App& group = add_command(root, context, {"route", "how requests are routed", {"route explain body.json"}}, {});
  const auto options = std::make_shared<ExplainOptions>();
  CLI::App& app = add_command(
      group, context,
      {"explain",
       "where a request would go now, and why: its hashes, the candidates and their loads",
       {"route explain body.json                  # as posted to /v1/chat/completions",
        "route explain body.json --header 'X-Session-ID: user-42'", "route explain body.json --pool big --json"}},
      [&context, options] { return explain(context, *options); });
  context.completes(*app.add_option("FILE", options->file, "the body of a request")->required()->type_name(""),
                    Names::files);
  app.add_option("--header", options->headers, "a header that comes with it, 'Name: value'; may be given again")
      ->type_name("HEADER")
      ->allow_extra_args(false);
  app.add_option("--path", options->path, "where it is posted to")->type_name("PATH")->default_str(options->path);
  context.completes(*app.add_option("--credential-file", options->credential_file,
                                    "the value of its Authorization header, which sessions are hashed with")
                         ->type_name("FILE"),
                    Names::files);
  context.completes(*app.add_option("--pool", options->pool, "this pool, whatever the model")->type_name("NAME"),
                    Names::pools);
}

}  // namespace wp::ctl
