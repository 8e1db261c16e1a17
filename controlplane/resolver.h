// Keeps the addresses of replicas that were given by name: looked up off the shards, again at every interval, IPv4 and
// IPv6. A lookup that fails keeps the last good addresses.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/counters.h"
#include "dataplane/base/endpoint.h"
#include "dataplane/base/time.h"

namespace boost::asio {
class io_context;
}

namespace wp::control {

struct ResolverCounters {
  Counter lookups;
  Counter failures;
  Counter changes;  // answers with other addresses than before
};

// Control thread only; getaddrinfo runs on one thread of Asio's own. The io_context outlives the resolver.
class Resolver {
 public:
  // Called with the addresses of the watched `name` when they are not the same set as before, in the order that
  // getaddrinfo gives (RFC 6724).
  using Changed = std::function<void(const std::string& name, const std::vector<Endpoint>& endpoints)>;

  Resolver(boost::asio::io_context& io, Duration interval, Changed changed);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  // Looks `host` up now and then at every interval, under the replica's `name`.
  void watch(const std::string& name, const std::string& host, std::uint16_t port);
  void forget(const std::string& name);

  [[nodiscard]] const ResolverCounters& counters() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // outlives us in a lookup that is under way
};

}  // namespace wp::control
