// warmpath-replica: simulated LLM replicas, served by one thread.
#include <cstdio>
#include <deque>

#include "controlplane/clock.h"
#include "dataplane/stream/port_table.h"
#include "tools/loop/transport.h"
#include "tools/replica/options.h"
#include "tools/replica/server.h"

namespace wp::replica {
namespace {

int fail(const std::string& text) {
  std::fprintf(stderr, "warmpath-replica: %s\n", text.c_str());
  return 1;
}

template <net::Transport Net>
int serve(Net& net, stream::PortTable& ports, const Options& options) {
  std::deque<Replica> replicas;
  Server server(ports, options.connection);
  const bool v6 = options.listen_host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + options.listen_host + "]" : options.listen_host;
  ReplicaConfig config = options.replica;
  config.unix_offset = control::unix_offset();
  std::string announcement;
  for (std::uint32_t i = 0; i < options.count; ++i) {
    const std::uint32_t port = options.port == 0 ? 0 : options.port + i;
    const auto endpoint = parse_endpoint(host + ":" + std::to_string(port));
    if (!endpoint) return fail("--listen-host " + options.listen_host + ": " + endpoint.error());
    const auto bound = net.listen(*endpoint);
    if (!bound) return fail(bound.error());
    config.name = options.name_prefix + "-" + std::to_string(i);
    server.add(bound->port, replicas.emplace_back(config));
    announcement += "listening " + config.name + " " + to_string(*bound) + "\n";
  }
  std::fputs(announcement.c_str(), stdout);
  std::fflush(stdout);
  loop::run(net, server, [](Instant) { return false; });
  return 0;
}

int run(const Options& options) {
  loop::raise_descriptor_limit();
  stream::PortTable ports{stream::StreamLimits{}};
  return loop::with_transport(options.transport, "warmpath-replica", ports,
                              [&](auto& net) { return serve(net, ports, options); });
}

}  // namespace
}  // namespace wp::replica

int main(int count, char** arguments) {
  const auto options = wp::replica::read_options(count, arguments);
  if (options) return wp::replica::run(*options);
  std::fputs(options.error().text.c_str(), options.error().status == 0 ? stdout : stderr);
  return options.error().status;
}
