#include "controlplane/resolver.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controlplane/log.h"

namespace wp::control {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

Endpoint from_asio(const tcp::endpoint& from) {
  Endpoint endpoint;
  endpoint.port = from.port();
  if (from.address().is_v4()) {
    endpoint.family = Endpoint::Family::v4;
    const auto bytes = from.address().to_v4().to_bytes();
    std::ranges::copy(bytes, endpoint.address.begin());
  } else {
    endpoint.family = Endpoint::Family::v6;
    const auto bytes = from.address().to_v6().to_bytes();
    std::ranges::copy(bytes, endpoint.address.begin());
    endpoint.scope = static_cast<std::uint32_t>(from.address().to_v6().scope_id());
  }
  return endpoint;
}

// Each address once, in the order of the answer.
std::vector<Endpoint> addresses_of(const tcp::resolver::results_type& results) {
  std::vector<Endpoint> endpoints;
  for (const auto& entry : results) {
    const Endpoint endpoint = from_asio(entry.endpoint());
    if (std::ranges::find(endpoints, endpoint) == endpoints.end()) endpoints.push_back(endpoint);
  }
  return endpoints;
}

// DNS servers rotate their answers: another order alone is no change.
bool same_set(const std::vector<Endpoint>& a, const std::vector<Endpoint>& b) {
  return a.size() == b.size() &&
         std::ranges::all_of(a, [&](const Endpoint& e) { return std::ranges::find(b, e) != b.end(); });
}

}  // namespace

struct Resolver::State : std::enable_shared_from_this<State> {
  struct Watched {
    std::string host;
    std::uint16_t port = 0;
    std::uint64_t serial = 0;  // tells an answer for an earlier watch of the same name
    bool under_way = false;
    bool failing = false;
    std::vector<Endpoint> endpoints;
  };

  State(asio::io_context& io, Duration every, Changed on_change)
      : resolver(io), timer(io), interval(every), changed(std::move(on_change)) {}

  void lookup(const std::string& name, Watched& watched) {
    if (watched.under_way) return;
    watched.under_way = true;
    counters.lookups.add();
    // No "address configured" filter: it hides ::1 on hosts that have only loopback IPv6.
    resolver.async_resolve(watched.host, std::to_string(watched.port), tcp::resolver::flags(),
                           [self = shared_from_this(), name, serial = watched.serial](
                               const boost::system::error_code& error, const tcp::resolver::results_type& results) {
                             self->answered(name, serial, error, results);
                           });
  }

  void answered(const std::string& name, std::uint64_t serial, const boost::system::error_code& error,
                const tcp::resolver::results_type& results) {
    const auto found = names.find(name);
    if (stopped || found == names.end() || found->second.serial != serial) return;
    Watched& watched = found->second;
    watched.under_way = false;
    if (error || results.empty()) {
      counters.failures.add();
      if (!std::exchange(watched.failing, true)) {
        log::warn("replica " + name + ": cannot look up '" + watched.host + "': " + error.message() +
                  (watched.endpoints.empty() ? "" : "; its last addresses stay in use"));
      }
      return;
    }
    if (std::exchange(watched.failing, false)) log::info("replica " + name + ": '" + watched.host + "' is found again");
    std::vector<Endpoint> endpoints = addresses_of(results);
    if (same_set(endpoints, watched.endpoints)) return;
    counters.changes.add();
    watched.endpoints = std::move(endpoints);
    const std::vector<Endpoint> copy = watched.endpoints;  // the callback may forget the name
    changed(name, copy);
  }

  void arm() {
    timer.expires_after(std::chrono::nanoseconds(interval.ns));
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error || self->stopped) return;
      for (auto& [name, watched] : self->names) self->lookup(name, watched);
      self->arm();
    });
  }

  tcp::resolver resolver;
  asio::steady_timer timer;
  Duration interval;
  Changed changed;
  ResolverCounters counters;
  std::map<std::string, Watched> names;
  std::uint64_t serials = 0;
  bool armed = false;
  bool stopped = false;
};

Resolver::Resolver(asio::io_context& io, Duration interval, Changed changed)
    : state_(std::make_shared<State>(io, interval, std::move(changed))) {}

Resolver::~Resolver() {
  state_->stopped = true;
  state_->timer.cancel();
  state_->resolver.cancel();
}

void Resolver::watch(const std::string& name, const std::string& host, std::uint16_t port) {
  State::Watched watched;
  watched.host = host;
  watched.port = port;
  watched.serial = ++state_->serials;
  State::Watched& entry = state_->names[name] = std::move(watched);
  state_->lookup(name, entry);
  // A daemon whose replicas are all literals wakes for nothing.
  if (!std::exchange(state_->armed, true)) state_->arm();
}

void Resolver::forget(const std::string& name) {
  state_->names.erase(name);
}

const ResolverCounters& Resolver::counters() const {
  return state_->counters;
}

}  // namespace wp::control
