#include "tools/ctl/duration_option.h"

#include <CLI/CLI.hpp>

#include "controlplane/duration_text.h"

namespace wp::ctl {

void add_duration(CLI::App& app, const std::string& name, const std::string& help, Duration& value) {
  const auto take = [name, &value](const std::string& text) {
    const auto parsed = control::parse_duration(text);
    if (!parsed) throw CLI::ValidationError(name + " '" + text + "'", parsed.error());
    if (*parsed <= Duration{}) throw CLI::ValidationError(name + " '" + text + "'", "a time above zero is wanted");
    value = *parsed;
  };
  CLI::Option* option = app.add_option_function<std::string>(name, take, help)->type_name("TIME");
  if (value > Duration{}) option->default_str(control::to_string(value));
}

}  // namespace wp::ctl
