// warmpath-replica: simulated LLM replicas, served by one thread.
#include <cstdio>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/clock.h"
#include "dataplane/stream/port_table.h"
#include "tools/loop/transport.h"
#include "tools/replica/kv_events.h"
#include "tools/replica/kv_publisher.h"
#include "tools/replica/options.h"
#include "tools/replica/server.h"

namespace wp::replica {
namespace {

int fail(const std::string& text) {
  std::fprintf(stderr, "warmpath-replica: %s\n", text.c_str());
  return 1;
}

// A server whose replicas may tell what becomes of their caches.
struct Service {
  struct Feed {
    Replica& replica;
    std::unique_ptr<KvPublisher> publisher;
  };

  void step(Instant now) {
    server.step(now);
    for (const Feed& feed : feeds) {
      const auto events = feed.replica.engine().take_block_events();
      if (events.empty()) continue;
      const double unix_seconds = (now + unix_offset - Instant{}).seconds();
      feed.publisher->publish(encode_batch(encoding, unix_seconds, events, feed.replica.config().engine.block_tokens));
    }
  }
  [[nodiscard]] Instant next_deadline() const { return server.next_deadline(); }

  Server server;
  EventEncoding encoding;
  Duration unix_offset;
  std::vector<Feed> feeds;
};

// Makes the publisher of the replica that was added as the `number`th.
std::expected<std::string, std::string> add_feed(Service& service, const Options& options, const std::string& host,
                                                 std::uint32_t number, Replica& replica) {
  KvPublisherConfig config = *options.kv_events;
  config.host = host;
  if (config.port != 0) config.port += static_cast<std::uint16_t>(number);
  if (config.replay_port != 0) config.replay_port += static_cast<std::uint16_t>(number);
  auto publisher = KvPublisher::create(config);
  if (!publisher) return std::unexpected(publisher.error());
  std::string line = "kv-events " + replica.config().name + " " + (*publisher)->endpoint() + " replay " +
                     (*publisher)->replay_endpoint() + "\n";
  service.encoding = config.encoding;
  service.feeds.push_back({replica, std::move(*publisher)});
  return line;
}

template <net::Transport Net>
int serve(Net& net, stream::PortTable& ports, const Options& options) {
  std::deque<Replica> replicas;
  Service service{
      .server = Server(ports, options.connection), .encoding = {}, .unix_offset = control::unix_offset(), .feeds = {}};
  const bool v6 = options.listen_host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + options.listen_host + "]" : options.listen_host;
  ReplicaConfig config = options.replica;
  config.unix_offset = service.unix_offset;
  std::string announcement;
  for (std::uint32_t i = 0; i < options.count; ++i) {
    const std::uint32_t port = options.port == 0 ? 0 : options.port + i;
    const auto endpoint = parse_endpoint(host + ":" + std::to_string(port));
    if (!endpoint) return fail("--listen-host " + options.listen_host + ": " + endpoint.error());
    const auto bound = net.listen(*endpoint);
    if (!bound) return fail(bound.error());
    config.name = options.name_prefix + "-" + std::to_string(i);
    Replica& replica = replicas.emplace_back(config);
    service.server.add(bound->port, replica);
    announcement += "listening " + config.name + " " + to_string(*bound) + "\n";
    if (!options.kv_events) continue;
    const auto feed = add_feed(service, options, host, i, replica);
    if (!feed) return fail(feed.error());
    announcement += *feed;
  }
  std::fputs(announcement.c_str(), stdout);
  std::fflush(stdout);
  loop::run(net, service, [](Instant) { return false; });
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
