// warmpath-replica: simulated LLM replicas, served by one thread.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <memory>

#include <sys/resource.h>

#include "dataplane/net/epoll/epoll_net.h"
#include "dataplane/net/kernel/kernel_net.h"
#include "dataplane/stream/port_table.h"
#include "tools/replica/options.h"
#include "tools/replica/server.h"

namespace wp::replica {
namespace {

// CLOCK_MONOTONIC: what /debug/events tells can be compared with any other process of the machine.
Instant read_clock() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
              .count()};
}

Duration unix_offset() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return nanos(std::chrono::duration_cast<std::chrono::nanoseconds>(wall).count() - read_clock().ns);
}

// What the signal handler touches. Initialised before the program runs, so that it needs no guard there.
std::atomic<bool>& stop_asked() {
  static constinit std::atomic<bool> asked{false};
  return asked;
}

template <class Net>
std::atomic<Net*>& sleeper() {
  static constinit std::atomic<Net*> net{nullptr};
  return net;
}

template <class Net>
void on_stop_signal(int) {
  stop_asked().store(true);
  if (Net* net = sleeper<Net>().load()) net->wake();
}

template <class Net>
void catch_signals(Net& net) {
  sleeper<Net>().store(&net);
  struct sigaction action = {};
  action.sa_handler = on_stop_signal<Net>;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  action.sa_handler = SIG_IGN;  // a send to a client that is gone is an error of that stream
  sigaction(SIGPIPE, &action, nullptr);
}

// Every stream costs a descriptor: what the system allows is taken.
void raise_descriptor_limit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int fail(const std::string& text) {
  std::fprintf(stderr, "warmpath-replica: %s\n", text.c_str());
  return 1;
}

template <net::Transport Net>
void loop(Net& net, Server& server) {
  constexpr Duration kLongest = seconds(60);
  Instant now = read_clock();
  while (!stop_asked().load()) {
    const Instant next = earlier(earlier(net.next_deadline(), server.next_deadline()), now + kLongest);
    net.enter(next - now);
    now = read_clock();
    net.receive(now);
    server.step(now);
    net.flush(now);
  }
}

template <net::Transport Net>
int serve(Net& net, stream::PortTable& ports, const Options& options) {
  std::deque<Replica> replicas;
  Server server(ports, options.connection);
  catch_signals(net);
  const bool v6 = options.listen_host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + options.listen_host + "]" : options.listen_host;
  ReplicaConfig config = options.replica;
  config.unix_offset = unix_offset();
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
  loop(net, server);
  sleeper<Net>().store(nullptr);
  return 0;
}

int run(const Options& options) {
  raise_descriptor_limit();
  stream::PortTable ports{stream::StreamLimits{}};
  if (options.transport != TransportChoice::epoll) {
    const auto ring = net::KernelNet::create({}, ports);
    if (ring) return serve(**ring, ports, options);
    if (options.transport == TransportChoice::io_uring) return fail(ring.error());
    std::fprintf(stderr, "warmpath-replica: using epoll: %s\n", ring.error().c_str());
  }
  const auto epoll = net::EpollNet::create({}, ports);
  return epoll ? serve(**epoll, ports, options) : fail(epoll.error());
}

}  // namespace
}  // namespace wp::replica

int main(int count, char** arguments) {
  const auto options = wp::replica::read_options(count, arguments);
  if (options) return wp::replica::run(*options);
  std::fputs(options.error().text.c_str(), options.error().status == 0 ? stdout : stderr);
  return options.error().status;
}
