#include "tools/ctl/command.h"

#include <iterator>
#include <ostream>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace wp::ctl {

using Json = nlohmann::json;

CLI::App& add_command(CLI::App& under, Context& context, const Command& command,
                      std::function<Outcome<void>()> action) {
  CLI::App* app = under.add_subcommand(command.name, command.help);
  std::string footer;
  for (const std::string& example : command.examples) {
    footer += (footer.empty() ? "\nExamples:\n  warmpathctl " : "\n  warmpathctl ") + example;
  }
  app->footer(footer);
  if (action) app->callback([&context, action = std::move(action)] { context.action = action; });
  return *app;
}

Outcome<std::string> ask_text(const Context& context, const Ask& request) {
  auto answer = ask(context.target, request);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (answer->status < 400) return std::move(answer->body);
  const Json json = Json::parse(answer->body, nullptr, false);
  const bool explained = json.is_object() && json.contains("error") && json["error"].is_string();
  if (!explained) {
    return trouble(ExitCode::refused,
                   "the daemon answered " + std::to_string(answer->status) + " without an explanation");
  }
  Trouble refusal{ExitCode::refused, json["error"]};
  if (answer->status == 401) refusal.line += "; name the file that holds it with --token-file";
  // The first of the problems is the error.
  if (const auto problems = json.find("problems"); problems != json.end() && problems->size() > 1) {
    refusal.more.assign(std::next(problems->begin()), problems->end());
  }
  return std::unexpected(std::move(refusal));
}

Outcome<Json> ask_json(const Context& context, const Ask& request) {
  auto text = ask_text(context, request);
  if (!text) return std::unexpected(std::move(text.error()));
  Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded()) return trouble(ExitCode::garbled, "the answer to " + request.path + " is no JSON");
  return json;
}

void print_warning(const Context& context, const Json& reply) {
  if (const auto found = reply.find("warning"); found != reply.end()) {
    context.err << "warmpathctl: " << found->get<std::string>() << "\n";
  }
}

void print_json(const Context& context, const Json& value) {
  context.out << value.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

}  // namespace wp::ctl
