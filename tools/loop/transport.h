// loop: what the programs of tools/ that move bytes have in common: how they are asked to stop, the choice of a
// transport, and the turn of a loop over it. It may not know what a program does in a turn.
#pragma once

#include <cstdio>
#include <string>

#include "controlplane/clock.h"
#include "dataplane/net/epoll/epoll_net.h"
#include "dataplane/net/kernel/kernel_net.h"
#include "dataplane/stream/port_table.h"
#include "tools/loop/stop.h"
#include "tools/loop/transport_choice.h"

namespace wp::loop {

// Every stream costs a descriptor: what the system allows is taken.
void raise_descriptor_limit();

template <net::Transport Net, class Use>
int with_signals(Net& net, Use& use) {
  const StopSignals signals(&net, [](void* waiter) { static_cast<Net*>(waiter)->wake(); });
  return use(net);
}

// Runs `use(net)`, which returns the exit status, over the transport that was chosen; from then on the signals that ask
// to stop are heard. `program` names who speaks.
template <class Use>
int with_transport(TransportChoice choice, const char* program, stream::PortTable& ports, Use&& use) {
  const auto refuse = [program](const std::string& why) {
    std::fprintf(stderr, "%s: %s\n", program, why.c_str());
    return 1;
  };
  if (choice != TransportChoice::epoll) {
    const auto ring = net::KernelNet::create({}, ports);
    if (ring) return with_signals(**ring, use);
    if (choice == TransportChoice::io_uring) return refuse(ring.error());
    std::fprintf(stderr, "%s: using epoll: %s\n", program, ring.error().c_str());
  }
  const auto epoll = net::EpollNet::create({}, ports);
  return epoll ? with_signals(**epoll, use) : refuse(epoll.error());
}

// Turns until a signal asks to stop or `done(now)`: `app` has step(now), and next_deadline() for when it must be
// stepped though nothing arrives.
template <net::Transport Net, class App, class Done>
void run(Net& net, App& app, Done&& done) {
  constexpr Duration kLongest = seconds(60);
  Instant now = control::monotonic_now();
  while (!stop_asked() && !done(now)) {
    const Instant next = earlier(earlier(net.next_deadline(), app.next_deadline()), now + kLongest);
    net.enter(next - now);
    now = control::monotonic_now();
    net.receive(now);
    app.step(now);
    net.flush(now);
  }
}

}  // namespace wp::loop
