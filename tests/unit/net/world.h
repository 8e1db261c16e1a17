// A shard's loop around one transport, driven by the test: real sockets on loopback, no threads, no sleeping. The
// same suites run over every transport.
#pragma once

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/net/epoll/epoll_net.h"
#include "dataplane/net/kernel/kernel_net.h"
#include "dataplane/net/socket.h"
#include "dataplane/stream/port_table.h"

namespace wp::net::test {

struct Uring {
  using Net = KernelNet;
  static auto create(const NetConfig& config, stream::PortTable& ports) { return KernelNet::create(config, ports); }
  static constexpr std::uint32_t kOvershootBuffers = 1;
};

// As on kernels before 6.17, whose multishot receives know no limit and are not used.
struct UringOneShot {
  using Net = KernelNet;
  static auto create(const NetConfig& config, stream::PortTable& ports) {
    return KernelNet::create(config, ports, {.limit_receives = false});
  }
  static constexpr std::uint32_t kOvershootBuffers = 0;
};

struct Epoll {
  using Net = EpollNet;
  static auto create(const NetConfig& config, stream::PortTable& ports) { return EpollNet::create(config, ports); }
  static constexpr std::uint32_t kOvershootBuffers = 0;
};

using Transports = ::testing::Types<Uring, UringOneShot, Epoll>;

struct TransportNames {
  template <class T>
  static std::string GetName(int) {
    if (std::is_same_v<T, Uring>) return "Uring";
    return std::is_same_v<T, Epoll> ? "Epoll" : "UringOneShot";
  }
};

inline Endpoint at(const char* text) {
  return *parse_endpoint(text);
}

inline Instant clock_now() {
  return {std::chrono::steady_clock::now().time_since_epoch().count()};
}

inline std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// The other side: a plain socket that never blocks.
class Peer {
 public:
  explicit Peer(int fd = -1) : fd_(fd) {}
  Peer(Peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Peer& operator=(Peer&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Peer() { close(); }

  [[nodiscard]] static Peer connect(const Endpoint& to) {
    const SocketAddress address = to_socket_address(to);
    Peer peer(socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(peer.fd_, address.get(), address.length), 0) << strerror(errno);
    fcntl(peer.fd_, F_SETFL, O_NONBLOCK);
    return peer;
  }

  [[nodiscard]] int fd() const { return fd_; }
  // Bytes that the kernel took.
  std::size_t send(std::string_view bytes) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  // Appends what is there to `got`; at the end of the stream sets closed or error.
  void receive() {
    char buffer[65536];
    for (;;) {
      const ssize_t n = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0) {
        got.append(buffer, static_cast<std::size_t>(n));
        continue;
      }
      if (n == 0) closed = true;
      if (n < 0 && errno != EAGAIN) error = errno;
      return;
    }
  }
  void finish() { shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void reset() {
    reset_on_close(fd_);
    close();
  }

  std::string got;
  bool closed = false;
  int error = 0;

 private:
  int fd_;
};

inline stream::StreamLimits small_limits() {
  stream::StreamLimits limits;
  limits.ports = 4096;
  limits.nodes = 32'768;
  limits.receive_entries = 2048;
  limits.slab_entries = 4096;
  return limits;
}

template <class T>
class World {
 public:
  using App = std::function<void(stream::StreamPort&, std::uint8_t)>;

  explicit World(const stream::StreamLimits& limits = small_limits(), const NetConfig& config = {}) : ports(limits) {
    auto made = T::create(config, ports);
    if (made) net = std::move(*made);
    refusal = made ? "" : made.error();
  }

  Endpoint listen(const char* where = "127.0.0.1:0") {
    const auto bound = net->listen(at(where));
    EXPECT_TRUE(bound.has_value()) << bound.error();
    return *bound;
  }

  void turn(Duration wait = nanos(0)) {
    ++turns;
    net->enter(wait);
    const Instant now = clock_now();
    net->receive(now);
    stream::PortId id;
    for (std::uint32_t left = ports.application_ready(); left > 0 && ports.next_for_application(id); --left) {
      stream::StreamPort& port = ports.get(id);
      const std::uint8_t events = port.take_events();
      if ((events & stream::kOpened) != 0) opened.push_back(id);
      if (app) app(port, events);
    }
    net->flush(now);
  }

  // Turns until `condition` (which may drive peers) holds; false when it did not within five seconds.
  template <class Condition>
  [[nodiscard]] bool until(Condition&& condition, Duration patience = seconds(5)) {
    const Instant end = clock_now() + patience;
    while (!condition()) {
      if (clock_now() > end) return false;
      turn(millis(1));
    }
    return true;
  }

  // Turns until nothing moved for a while.
  void settle() {
    int quiet = 0;
    while (quiet < 30) {
      const std::uint64_t before = net->counters().bytes_received.value() + net->counters().bytes_sent.value();
      turn(micros(200));
      quiet = net->counters().bytes_received.value() + net->counters().bytes_sent.value() == before ? quiet + 1 : 0;
    }
  }

  // Sends until neither the socket nor the port takes more.
  void stuff(stream::StreamPort& port) {
    const std::string filler(4096, 'x');
    for (int quiet = 0; quiet < 50; ++quiet) {
      for (; port.tx_credit() > 0; quiet = 0) ASSERT_TRUE(port.append(stream::as_bytes(filler)));
      turn(micros(100));
    }
  }

  // A peer and the port accepted for it.
  [[nodiscard]] std::pair<Peer, stream::PortId> join(const Endpoint& listener) {
    const std::size_t before = opened.size();
    Peer peer = Peer::connect(listener);
    EXPECT_TRUE(until([&] { return opened.size() > before; }));
    return {std::move(peer), opened.back()};
  }

  stream::PortTable ports;
  std::unique_ptr<typename T::Net> net;
  std::string refusal;
  App app;
  std::vector<stream::PortId> opened;
  int turns = 0;
};

// Sends back what comes, within tx credit; closes when the peer has finished and got everything.
inline void echo(stream::StreamPort& port, std::uint8_t) {
  while (!port.rx().empty() && port.tx_credit() > 0) ASSERT_TRUE(port.push(port.pop_rx()));
  if (!port.rx().empty()) port.notify_writable();
  if (port.failed() || (port.peer_closed() && port.rx().empty())) port.close();
}

// Reads what is in rx into `text`.
inline void drain(stream::StreamPort& port, std::string& text) {
  while (!port.rx().empty()) text += stream::as_text(port.pop_rx().bytes());
}

inline std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  std::uint32_t x = 12345;
  for (char& c : text) c = static_cast<char>('a' + ((x = x * 1664525 + 1013904223) >> 24U) % 26);
  return text;
}

template <class T>
class NetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    stream::PortTable ports({.ports = 1, .nodes = 1, .receive_entries = 1, .slab_entries = 1});
    const auto made = T::create({}, ports);
    if (!made && made.error().starts_with("io_uring is refused")) GTEST_SKIP() << made.error();
    ASSERT_TRUE(made.has_value()) << made.error();
  }
};

}  // namespace wp::net::test
