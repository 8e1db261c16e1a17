#include "tests/script/kernel.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sim/packet/frame.h"

namespace wp::script {
namespace {

constexpr char kDevice[] = "tun0";

std::string failed(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress address_of(const Endpoint& endpoint) {
  SocketAddress made;
  if (endpoint.family == Family::v4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.data(), 4);
    std::memcpy(&made.storage, &v4, made.length = sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.data(), 16);
    std::memcpy(&made.storage, &v6, made.length = sizeof v6);
  }
  return made;
}

// Of linux/ipv6.h, which does not go together with the C library's headers.
struct Ipv6Request {
  in6_addr address;
  std::uint32_t prefix_length;
  int interface;
};

// The subject's address and its link.
bool give_address(int control, ifreq request, const Endpoint& subject) {
  const SocketAddress address = address_of(subject);
  if (subject.family == Family::v4) {
    std::memcpy(&request.ifr_addr, &address.storage, sizeof request.ifr_addr);
    if (ioctl(control, SIOCSIFADDR, &request) != 0) return false;
    const SocketAddress mask = address_of({.address = {255, 255, 255, 0}, .family = Family::v4});
    std::memcpy(&request.ifr_netmask, &mask.storage, sizeof request.ifr_netmask);
    return ioctl(control, SIOCSIFNETMASK, &request) == 0;
  }
  Ipv6Request v6{.address = {}, .prefix_length = 64, .interface = 0};
  std::memcpy(&v6.address, subject.address.data(), 16);
  if (ioctl(control, SIOCGIFINDEX, &request) != 0) return false;
  v6.interface = request.ifr_ifindex;
  if (ioctl(control, SIOCSIFADDR, &v6) != 0) return false;
  // The address is there once a worker of the kernel's has looked at it.
  for (unsigned tries = 0; bind(control, address.get(), address.length) != 0; ++tries) {
    if (errno != EADDRNOTAVAIL || tries == 2'000) return false;
    static_cast<void>(poll(nullptr, 0, 1));
  }
  return true;
}

template <class T>
void option(int socket, int level, int name, const T& value) {
  static_cast<void>(setsockopt(socket, level, name, &value, sizeof value));
}

// What newer kernels do differently by default and older ones do not know is left out there.
void set_kernel(const char* key, const char* value) {
  std::ofstream(std::string("/proc/sys/net/") + key) << value;
}

}  // namespace

Kernel::Kernel(const Script& script) : script_(&script) {}

int Kernel::domain() const {
  return script_->family == Family::v4 ? AF_INET : AF_INET6;
}

Kernel::~Kernel() {
  for (const auto& [connection, socket] : sockets_) ::close(socket);
  if (listener_ >= 0) ::close(listener_);
  if (device_ >= 0) ::close(device_);
}

std::string Kernel::enter() {
  if (unshare(CLONE_NEWNET) != 0) return failed("a network namespace");
  set_kernel("ipv4/tcp_recovery", "0");             // RACK
  set_kernel("ipv4/tcp_early_retrans", "0");        // tail loss probes
  set_kernel("ipv4/tcp_frto", "0");                 // RFC 5682
  set_kernel("ipv4/tcp_syn_linear_timeouts", "0");  // RFC 6298, section 5.5, for SYNs, too
  set_kernel("ipv4/tcp_comp_sack_delay_ns", "0");   // acknowledgments with SACK blocks are not held back
  set_kernel("ipv4/tcp_tso_win_divisor", "255");    // a segment that fits is not held back for a larger burst
  set_kernel("ipv4/tcp_no_metrics_save", "1");
  set_kernel("ipv4/tcp_fin_timeout", std::to_string(script_->setting("fin_wait_2", 60'000) / 1'000).c_str());
  // The address is ours at once: nobody is there who could have the same.
  set_kernel("ipv6/conf/all/accept_dad", "0");
  set_kernel("ipv6/conf/default/accept_dad", "0");
  return make_device();
}

std::string Kernel::make_device() {
  device_ = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device_ < 0) return failed("/dev/net/tun");
  ifreq request{};
  std::copy(std::begin(kDevice), std::end(kDevice), request.ifr_name);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(device_, TUNSETIFF, &request) != 0) return failed("a tun device");
  const int control = socket(domain(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq link = request;
  link.ifr_mtu = static_cast<int>(script_->setting("mtu", 1500) + longer_header(script_->family));
  bool is_set = control >= 0 && ioctl(control, SIOCSIFMTU, &link) == 0;
  link.ifr_flags = IFF_UP | IFF_RUNNING | IFF_NOARP;
  is_set = is_set && ioctl(control, SIOCSIFFLAGS, &link) == 0;
  is_set = is_set && give_address(control, request, subject_at(script_->family, 0));
  const std::string wrong = is_set ? "" : failed("the tun device's address");
  ::close(control);
  return wrong;
}

Instant Kernel::now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return Instant{time.tv_sec * 1'000'000'000 + time.tv_nsec};
}

std::optional<Sent> Kernel::next_packet(Instant until) {
  for (;;) {
    std::vector<std::byte> packet(65'536);
    const ssize_t size = ::read(device_, packet.data(), packet.size());
    if (size > 0) {
      packet.resize(static_cast<std::size_t>(size));
      // The kernel says other things, too, when a device comes up.
      if (sim::packet::read_packet(packet)) return Sent{now(), std::move(packet)};
      continue;
    }
    const Duration left = until - now();
    if (left.ns <= 0) return std::nullopt;
    const timespec timeout{left.ns / 1'000'000'000, left.ns % 1'000'000'000};
    pollfd ready{.fd = device_, .events = POLLIN, .revents = 0};
    static_cast<void>(ppoll(&ready, 1, &timeout, nullptr));
  }
}

void Kernel::inject(const std::vector<std::byte>& packet) {
  if (::write(device_, packet.data(), packet.size()) < 0) std::perror("the tun device");
}

void Kernel::set_options(int socket) const {
  const Script& script = *script_;
  option(socket, IPPROTO_TCP, TCP_NODELAY, 1);  // our stack has no Nagle
  static_cast<void>(setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
  if (script.settings.contains("receive")) {
    option(socket, SOL_SOCKET, SO_RCVBUF, static_cast<int>(script.setting("receive", 0)));
  }
  option(socket, SOL_SOCKET, SO_SNDBUF, 2'000'000);
  option(socket, SOL_SOCKET, SO_OOBINLINE, 1);  // as the RFC has it
  if (script.settings.contains("user_timeout")) {
    option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, script.setting("user_timeout", 0));
  }
  if (script.settings.contains("keepalive_idle")) {
    option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    option(socket, IPPROTO_TCP, TCP_KEEPIDLE, script.setting("keepalive_idle", 0) / 1'000);
    option(socket, IPPROTO_TCP, TCP_KEEPINTVL, script.setting("keepalive_interval", 1'000) / 1'000);
    option(socket, IPPROTO_TCP, TCP_KEEPCNT, script.setting("keepalive_probes", 4));
  }
  if (script.setting("quick_acks", 1) == 0) option(socket, IPPROTO_TCP, TCP_QUICKACK, 0);
}

bool Kernel::becomes(int file, short events) const {
  pollfd ready{.fd = file, .events = events, .revents = 0};
  return poll(&ready, 1, static_cast<int>(late({}).millis())) == 1;
}

std::string Kernel::listen() {
  listener_ = socket(domain(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  option(listener_, SOL_SOCKET, SO_REUSEADDR, 1);
  set_options(listener_);
  const SocketAddress at = address_of(subject_at(script_->family, kSubjectPort));
  if (bind(listener_, at.get(), at.length) != 0) return failed("bind");
  return ::listen(listener_, 128) == 0 ? "" : failed("listen");
}

std::string Kernel::connect(unsigned connection) {
  const int made = socket(domain(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  set_options(made);
  sockets_[connection] = made;
  const SocketAddress to = address_of(peer_at(script_->family, static_cast<std::uint16_t>(kPeerPort + connection)));
  const int status = ::connect(made, to.get(), to.length);
  return status == 0 || errno == EINPROGRESS ? "" : failed("connect");
}

std::string Kernel::accept(unsigned connection) {
  if (!becomes(listener_, POLLIN)) return "nobody was accepted";
  const int made = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (made < 0) return failed("accept");
  set_options(made);
  sockets_[connection] = made;
  return {};
}

std::string Kernel::write(unsigned connection, const std::string& bytes) {
  const ssize_t taken = send(sockets_[connection], bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return taken == static_cast<ssize_t>(bytes.size()) ? "" : failed("send");
}

std::string Kernel::read(unsigned connection, std::uint32_t amount, std::string& bytes) {
  const int socket = sockets_[connection];
  bytes.resize(amount);
  std::size_t got = 0;
  while (got < amount && becomes(socket, POLLIN)) {
    const ssize_t size = recv(socket, bytes.data() + got, amount - got, 0);
    if (size <= 0) break;
    got += static_cast<std::size_t>(size);
  }
  return got == amount ? "" : "only " + std::to_string(got) + " bytes to read";
}

std::string Kernel::finish(unsigned connection) {
  return shutdown(sockets_[connection], SHUT_WR) == 0 ? "" : failed("shutdown");
}

std::string Kernel::close(unsigned connection) {
  ::close(sockets_[connection]);
  sockets_.erase(connection);
  return {};
}

std::string Kernel::abort(unsigned connection) {
  option(sockets_[connection], SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
  return close(connection);
}

bool Kernel::sees(unsigned connection, const std::string& what) {
  const int socket = sockets_[connection];
  int error = 0;
  socklen_t size = sizeof error;
  char byte = 0;
  if (what == "open") {
    return becomes(socket, POLLOUT) && getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }
  if (what == "empty") return recv(socket, &byte, 1, MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  static_cast<void>(becomes(socket, POLLIN));
  if (what == "eof") return recv(socket, &byte, 1, MSG_PEEK) == 0;
  static_cast<void>(getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size));
  return error != 0;
}

std::string Kernel::state(const tcp::Flow& flow) {
  // include/net/tcp_states.h; the last is a handshake that is not complete.
  constexpr std::string_view kStates[] = {"none",       "established", "syn_sent",    "syn_received", "fin_wait_1",
                                          "fin_wait_2", "time_wait",   "closed",      "close_wait",   "last_ack",
                                          "listen",     "closing",     "syn_received"};
  std::ifstream table(script_->family == Family::v4 ? "/proc/self/net/tcp" : "/proc/self/net/tcp6");
  std::string text;
  while (std::getline(table, text)) {
    unsigned local_port = 0, remote_port = 0, state = 0;
    const int fields =
        std::sscanf(text.c_str(), " %*u: %*[0-9A-F]:%4X %*[0-9A-F]:%4X %2X", &local_port, &remote_port, &state);
    if (fields != 3 || local_port != flow.local.port || remote_port != flow.remote.port) continue;
    return std::string(state < std::size(kStates) ? kStates[state] : "unknown");
  }
  return "gone";
}

}  // namespace wp::script
