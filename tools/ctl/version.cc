#include "tools/ctl/version.h"

#include <ostream>

#include <nlohmann/json.hpp>

namespace wp::ctl {
namespace {

using Json = nlohmann::json;

constexpr const char* kVersion = WARMPATH_VERSION;

// No daemon is no failure here: this program's own version is the answer.
Outcome<void> show_versions(const Context& context) {
  const auto status = ask_json(context, {.path = "/status"});
  if (context.json) {
    print_json(context, {{"warmpathctl", kVersion}, {"warmpathd", status ? status->at("version") : Json()}});
    return {};
  }
  context.out << version_line() << "\n";
  if (status) {
    context.out << "warmpathd " << status->at("version").get<std::string>() << "\n";
  } else {
    context.out << "warmpathd: " << status.error().line << "\n";
  }
  return {};
}

}  // namespace

std::string version_line() {
  return std::string("warmpathctl ") + kVersion;
}

void declare_version(CLI::App& root, Context& context) {
  add_command(root, context,
              {"version", "of this program, and of the daemon when one answers", {"version", "version --json"}},
              [&context] { return show_versions(context); });
}

}  // namespace wp::ctl
