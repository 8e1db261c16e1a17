#include "dataplane/net/socket.h"

#include <cerrno>
#include <cstring>

#include <netinet/tcp.h>
#include <unistd.h>

namespace wp::net {
namespace {

int make_socket(const Endpoint& endpoint, Blocking blocking) {
  const int family = endpoint.family == Endpoint::Family::v6 ? AF_INET6 : AF_INET;
  const int flags = SOCK_STREAM | SOCK_CLOEXEC | (blocking == Blocking::no ? SOCK_NONBLOCK : 0);
  return socket(family, flags, 0);
}

bool set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

// Nothing here can fail on a TCP socket but for a kernel built without it; the stream works without, so that an answer
// would change nothing.
void set_stream_options(int fd, const NetConfig& config) {
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (config.keepalive_idle.ns <= 0) return;
  const auto idle = static_cast<int>(config.keepalive_idle.ns / seconds(1).ns);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle > 0 ? idle : 1);
}

template <class Call>
Endpoint endpoint_of(int fd, Call&& call) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (call(fd, address.get(), &address.length) != 0) return {};
  return to_endpoint(address);
}

}  // namespace

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress address;
  if (endpoint.family == Endpoint::Family::v6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    v6.sin6_scope_id = endpoint.scope;
    std::memcpy(&v6.sin6_addr, endpoint.address.data(), 16);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.length = sizeof v6;
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.data(), 4);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.length = sizeof v4;
  }
  return address;
}

Endpoint to_endpoint(const SocketAddress& address) {
  Endpoint endpoint;
  if (address.storage.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address.storage, sizeof v4);
    endpoint.family = Endpoint::Family::v4;
    endpoint.port = ntohs(v4.sin_port);
    std::memcpy(endpoint.address.data(), &v4.sin_addr, 4);
  } else if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address.storage, sizeof v6);
    endpoint.family = Endpoint::Family::v6;
    endpoint.port = ntohs(v6.sin6_port);
    endpoint.scope = v6.sin6_scope_id;
    std::memcpy(endpoint.address.data(), &v6.sin6_addr, 16);
  }
  return endpoint;
}

Endpoint local_endpoint(int fd) {
  return endpoint_of(fd, getsockname);
}

Endpoint remote_endpoint(int fd) {
  return endpoint_of(fd, getpeername);
}

bool is_wildcard(const Endpoint& endpoint) {
  return endpoint.address == std::array<std::uint8_t, 16>{};
}

std::expected<ListenSocket, std::string> open_listener(const Endpoint& at, const NetConfig& config, Blocking blocking) {
  const auto failed = [&](const char* what, int fd) {
    std::string line = "cannot listen on " + to_string(at) + ": " + what + ": " + std::strerror(errno);
    if (fd >= 0) close(fd);
    return std::unexpected(std::move(line));
  };
  if (at.family == Endpoint::Family::none) return std::unexpected(std::string("cannot listen: no address given"));
  const int fd = make_socket(at, blocking);
  if (fd < 0) return failed("socket", fd);
  if (at.family == Endpoint::Family::v6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) return failed("IPV6_V6ONLY", fd);
  if (!set(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return failed("SO_REUSEADDR", fd);
  if (!set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return failed("SO_REUSEPORT", fd);
  set_stream_options(fd, config);
  const SocketAddress address = to_socket_address(at);
  if (bind(fd, address.get(), address.length) != 0) return failed("bind", fd);
  if (::listen(fd, static_cast<int>(config.backlog)) != 0) return failed("listen", fd);
  const Endpoint bound = local_endpoint(fd);
  if (bound.family == Endpoint::Family::none) return failed("getsockname", fd);
  return ListenSocket{fd, bound};
}

std::expected<int, Reason> open_stream(const Endpoint& towards, const NetConfig& config, Blocking blocking) {
  const int fd = make_socket(towards, blocking);
  if (fd < 0) return std::unexpected(reason_of(errno, Leg::connecting));
  set_stream_options(fd, config);
  return fd;
}

void reset_on_close(int fd) {
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Reason reason_of(int error, Leg leg) {
  switch (error) {
    case EMFILE:
    case ENFILE:
    case EADDRNOTAVAIL:  // no source port left towards that address
      return Reason::no_connection_slot;
    case ENOBUFS:
    case ENOMEM: return Reason::no_buffer;
    case ETIMEDOUT:
      if (leg == Leg::connecting) return Reason::connect_timeout;
      break;
    default: break;
  }
  if (leg == Leg::connecting) return Reason::connect_refused;
  return leg == Leg::accepted ? Reason::client_reset : Reason::replica_reset;
}

bool out_of_sockets(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace wp::net
