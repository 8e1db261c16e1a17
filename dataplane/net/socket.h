// Kernel sockets as both kernel transports use them: addresses, options, and what an errno means to a stream.
#pragma once

#include <expected>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>

#include "dataplane/base/endpoint.h"
#include "dataplane/base/reasons.h"
#include "dataplane/base/time.h"
#include "dataplane/net/transport.h"

namespace wp::net {

// An address in the kernel's form.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

[[nodiscard]] SocketAddress to_socket_address(const Endpoint& endpoint);
// Family::none for anything but IPv4 and IPv6.
[[nodiscard]] Endpoint to_endpoint(const SocketAddress& address);

// The two ends of a connected socket; Family::none when it is connected no more.
[[nodiscard]] Endpoint local_endpoint(int fd);
[[nodiscard]] Endpoint remote_endpoint(int fd);

// Bound to every address of its family, so that each connection's own must be asked for.
[[nodiscard]] bool is_wildcard(const Endpoint& endpoint);

// io_uring waits by itself on blocking sockets and would return EAGAIN from the other kind; epoll needs the other kind.
enum class Blocking : bool { no, yes };

struct ListenSocket {
  int fd = -1;
  Endpoint bound;  // with the port that the kernel chose when 0 was asked for
};

// Listens with SO_REUSEPORT (every shard has its own), IPV6_V6ONLY, and the options that accepted sockets inherit:
// TCP_NODELAY and keep-alive. The error is one clear line.
[[nodiscard]] std::expected<ListenSocket, std::string> open_listener(const Endpoint& at, const NetConfig& config,
                                                                     Blocking blocking);

// A socket to connect with. The error is ours, not the replica's: out of descriptors or memory.
[[nodiscard]] std::expected<int, Reason> open_stream(const Endpoint& towards, const NetConfig& config,
                                                     Blocking blocking);
// System calls that each of the above costs, for the counter.
inline constexpr std::uint32_t kOpenStreamCalls = 4;

// The close that follows sends RST instead of FIN.
void reset_on_close(int fd);

enum class Leg : std::uint8_t { accepted, connecting, connected };

// What `error` (an errno, positive) says about a stream of that kind.
[[nodiscard]] Reason reason_of(int error, Leg leg);

// The process or system has no more descriptors or memory for sockets: trying again at once would spin.
[[nodiscard]] bool out_of_sockets(int error);
// For how long nothing is accepted then.
inline constexpr Duration kOutOfSocketsPause = millis(100);

}  // namespace wp::net
