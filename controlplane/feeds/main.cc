// warmpath-feeds: reads the metrics and KV events of the replicas' engines and reports them to warmpathd, which starts
// it.
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <signal.h>
#include <unistd.h>

#include "controlplane/clock.h"
#include "controlplane/feeds/feeder.h"

namespace {

constexpr const char* kVersion = "warmpath-feeds " WARMPATH_VERSION;

struct Options {
  std::string socket;
  int descriptor = -1;
  std::int64_t interval_ms = 2'000;
  std::int64_t timeout_ms = 1'000;
};

void say(const std::string& line) {
  std::cerr << "warmpath-feeds: " + line + "\n";
}

// No other process has had it.
std::string new_reporter() {
  return "warmpath-feeds-" + std::to_string(::getpid()) + "-" + std::to_string(wp::control::monotonic_now().ns);
}

int feed(const Options& options) {
  boost::asio::io_context io{1};
  auto link = options.descriptor >= 0 ? wp::feeds::GatewayLink::adopt(io, options.descriptor)
                                      : wp::feeds::GatewayLink::connect(io, options.socket);
  if (!link) {
    say(link.error());
    return 1;
  }
  boost::asio::signal_set asked_to_end(io, SIGTERM, SIGINT);
  bool asked = false;
  asked_to_end.async_wait([&](const boost::system::error_code& error, int /*signal*/) {
    if (error) return;
    asked = true;
    io.stop();
  });
  wp::feeds::FeederConfig config;
  config.interval = wp::millis(options.interval_ms);
  config.timeout = wp::millis(options.timeout_ms);
  config.reporter = new_reporter();
  config.now = wp::control::monotonic_now;
  config.say = say;
  wp::feeds::Feeder feeder(io, std::move(*link), std::move(config));
  feeder.start();
  io.run();
  return asked ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  // A peer that went away is an error of a write, not the end of the process.
  ::signal(SIGPIPE, SIG_IGN);
  Options options;
  CLI::App app(
      "Reads the metrics and KV events of the replicas' engines and reports them to warmpathd, which starts it where\n"
      "feeds.run says so. By hand, it reports over a control socket.",
      "warmpath-feeds");
  app.set_version_flag("--version", kVersion);
  CLI::Option* socket = app.add_option("--control-socket", options.socket, "of the warmpathd to report to");
  socket->type_name("PATH");
  app.add_option("--descriptor", options.descriptor, "a connection to it that is open already, as warmpathd hands over")
      ->type_name("NUMBER")
      ->check(CLI::Range(0, 1 << 20))
      ->excludes(socket);
  app.add_option("--interval-ms", options.interval_ms, "between two looks at each replica")
      ->type_name("MS")
      ->check(CLI::Range(10, 3'600'000))
      ->capture_default_str();
  app.add_option("--timeout-ms", options.timeout_ms, "for one look")
      ->type_name("MS")
      ->check(CLI::Range(10, 3'600'000))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stop) {
    return app.exit(stop) == 0 ? 0 : 2;
  }
  if (options.socket.empty() && options.descriptor < 0) {
    say("--control-socket PATH is wanted");
    return 2;
  }
  return feed(options);
}
