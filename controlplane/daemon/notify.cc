#include "controlplane/daemon/notify.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace wp::daemon {
namespace {

// A variable of the environment as a whole number; 0 when it is absent or none.
std::uint64_t number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return 0;
  std::uint64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  return error == std::errc{} && stop == end ? value : 0;
}

}  // namespace

Notifier::~Notifier() {
  if (fd_ >= 0) ::close(fd_);
}

std::expected<void, std::string> Notifier::open() {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  if (socket == nullptr) return {};
  address_ = socket;
  const bool known = address_.size() > 1 && (address_.front() == '/' || address_.front() == '@');
  if (!known || address_.size() >= sizeof(sockaddr_un::sun_path)) {
    return std::unexpected("NOTIFY_SOCKET '" + address_ + "' is neither a path nor an abstract name");
  }
  if (address_.front() == '@') address_.front() = '\0';
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return std::unexpected(std::string("cannot notify the service manager: ") + std::strerror(errno));
  const std::uint64_t of = number_in("WATCHDOG_PID");
  if (of == 0 || of == static_cast<std::uint64_t>(::getpid())) {
    watchdog_ = micros(static_cast<std::int64_t>(number_in("WATCHDOG_USEC")));
  }
  return {};
}

void Notifier::send(std::string_view text) const {
  if (fd_ < 0) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::ranges::copy(address_, to.sun_path);
  // An abstract name ends where the address does, not with a zero.
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  static_cast<void>(
      ::sendto(fd_, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), length));
}

void Notifier::ready(std::string_view status) {
  status_ = status;
  send("READY=1\nSTATUS=" + status_ + "\n");
}

void Notifier::reloading(Instant now) {
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string((now - Instant{}).micros()) + "\n");
}

void Notifier::stopping(std::string_view status) {
  status_ = status;
  send("STOPPING=1\nSTATUS=" + status_ + "\n");
}

void Notifier::status(std::string_view text) {
  if (text == status_) return;
  status_ = text;
  send("STATUS=" + status_ + "\n");
}

void Notifier::alive() {
  if (watchdog_ > Duration{}) send("WATCHDOG=1\n");
}

void beat(const control::ShardWatch& watch, Notifier& notifier) {
  if (watch.stalled().empty()) notifier.alive();
}

}  // namespace wp::daemon
