#include "controlplane/daemon/listen_check.h"

#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "dataplane/net/socket.h"

namespace wp::daemon {

std::expected<void, std::string> check_free(const Endpoint& at) {
  if (at.port == 0) return {};
  const net::SocketAddress address = net::to_socket_address(at);
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto failed = [&](int error) {
    if (fd >= 0) ::close(fd);
    const std::string why = error == EADDRINUSE ? "the port is in use" : std::strerror(error);
    return std::unexpected("cannot listen on " + to_string(at) + ": " + why);
  };
  if (fd < 0) return failed(errno);
  const int on = 1;
  // Without it a port with connections in TIME_WAIT counts as taken; a listener still does.
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return failed(errno);
  if (at.family == Endpoint::Family::v6 && ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
    return failed(errno);
  }
  if (::bind(fd, address.get(), address.length) != 0) return failed(errno);
  ::close(fd);
  return {};
}

}  // namespace wp::daemon
