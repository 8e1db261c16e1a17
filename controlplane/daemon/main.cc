// warmpathd: the load balancer's process.
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <signal.h>
#include <unistd.h>

#include "controlplane/access_format.h"
#include "controlplane/config/page.h"
#include "controlplane/config/read.h"
#include "controlplane/daemon/daemon.h"
#include "controlplane/daemon/pages.h"
#include "controlplane/log.h"
#include "controlplane/options.h"
#include "controlplane/reference.h"

namespace {

constexpr const char* kVersion = WARMPATH_VERSION;

// Empty when there is none.
std::string default_file() {
  return ::access(wp::control::kDefaultConfigFile, F_OK) == 0 ? wp::control::kDefaultConfigFile : "";
}

int fail(const std::string& line) {
  std::cerr << "warmpathd: " << line << "\n";
  return 1;
}

// Exit 2, as for a command line that is wrong: nothing was started, and the same file fails again.
int refuse(const std::vector<std::string>& errors) {
  for (const std::string& line : errors) std::cerr << "warmpathd: " << line << "\n";
  return 2;
}

int serve(const wp::control::Options& options) {
  wp::control::Settings settings = options.settings;
  if (!options.config_file.empty()) {
    auto read = wp::control::load_settings(options.config_file);
    if (!read) return refuse(read.error());
    settings = std::move(*read);
  }
  wp::control::log::open();
  std::random_device entropy;
  const std::uint64_t seed = (std::uint64_t{entropy()} << 32U) | entropy();
  const std::string& file = options.config_file;
  wp::daemon::Daemon daemon(settings, file.empty() ? file : std::filesystem::absolute(file).string(), kVersion, seed);
  if (const auto started = daemon.start(); !started) return fail(started.error());
  daemon.run();
  return 0;
}

int print_metrics() {
  const auto page = wp::daemon::print_metrics();
  if (!page) return fail(page.error());
  std::cout << *page;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // A peer that went away is an error of a write, not the end of the process.
  ::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto options = wp::control::parse_options(arguments, std::string("warmpathd ") + kVersion, default_file());
  if (!options) {
    (options.error().exit_code == 0 ? std::cout : std::cerr) << options.error().text;
    return options.error().exit_code;
  }
  switch (options->action) {
    case wp::control::Action::serve: return serve(*options);
    case wp::control::Action::print_reasons: std::cout << wp::control::reasons_page(); return 0;
    case wp::control::Action::print_strictness: std::cout << wp::daemon::strictness_page(); return 0;
    case wp::control::Action::print_metrics: return print_metrics();
    case wp::control::Action::print_access_log: std::cout << wp::control::access_log_page(); return 0;
    case wp::control::Action::print_config: std::cout << wp::control::config_page(); return 0;
  }
  return 0;
}
