// A drain ends when the last byte is delivered, not when the last request is done.
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/daemon/limits.h"
#include "controlplane/daemon/shard_thread.h"
#include "dataplane/net/socket.h"
#include "tests/unit/controlplane/world.h"

namespace wp::daemon {
namespace {

constexpr std::string_view kRequest =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 57\r\n\r\n"
    R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
constexpr std::size_t kReplyBytes = 40'000;

// Reads what there is; the connection's end sets `ended` and, when it was no orderly one, `cut`.
struct Reader {
  int fd = -1;
  std::string text{};
  bool ended = false;
  bool cut = false;

  void read_some() {
    char piece[4096];
    const ssize_t got = ::recv(fd, piece, sizeof piece, MSG_DONTWAIT);
    if (got > 0) text.append(piece, static_cast<std::size_t>(got));
    cut = got < 0 && errno == ECONNRESET;
    ended = got == 0 || cut;
  }
};

int connect_to(const Endpoint& at) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int small = 4096;  // so that the reply waits in the shard's socket
  EXPECT_EQ(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  const net::SocketAddress address = net::to_socket_address(at);
  EXPECT_EQ(::connect(fd, address.get(), address.length), 0);
  return fd;
}

void reply_cut_by_nothing(TransportKind transport) {
  control::World w;
  const auto replica = net::open_listener(parse_endpoint("127.0.0.1:0").value(), {}, net::Blocking::no);
  ASSERT_TRUE(replica.has_value()) << replica.error();
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(control::spec_of(to_string(replica->bound))).has_value());
  auto started = ShardThread::start({0, -1, transport, {parse_endpoint("127.0.0.1:0").value()}}, smallest_config(),
                                    {w.published, w.qsbr, w.accounts, w.residency});
  ASSERT_TRUE(started.has_value()) << started.error();
  ShardThread& shard = **started;
  shard.go();

  Reader client{connect_to(shard.bound()[0])};
  ASSERT_EQ(::send(client.fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL), static_cast<ssize_t>(kRequest.size()));
  Reader upstream;
  ASSERT_TRUE(control::run_until(w.io, [&] { return (upstream.fd = ::accept(replica->fd, nullptr, nullptr)) >= 0; }));
  ASSERT_TRUE(control::run_until(w.io, [&] {
    upstream.read_some();
    return upstream.text.ends_with("}");
  }));
  ASSERT_TRUE(shard.send(shard::Command::drain));
  const std::string reply =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kReplyBytes) + "\r\n\r\n" + std::string(kReplyBytes, 'r');
  ASSERT_EQ(::send(upstream.fd, reply.data(), reply.size(), MSG_NOSIGNAL), static_cast<ssize_t>(reply.size()));

  // The shard has no client any more, and the client has read nothing yet. What the daemon would do now:
  ASSERT_TRUE(control::run_until(w.io, [&] { return shard.mailbox().connections.value() == 0; }));
  if (shard.mailbox().drained.load()) {
    ASSERT_TRUE(shard.send(shard::Command::stop));
  }

  ASSERT_TRUE(control::run_until(w.io, [&] {
    client.read_some();
    return client.ended;
  }));
  EXPECT_FALSE(client.cut) << "after " << client.text.size() << " bytes";
  EXPECT_TRUE(client.text.ends_with(std::string(kReplyBytes, 'r')));
  ::close(client.fd);
  EXPECT_TRUE(control::run_until(w.io, [&] { return shard.mailbox().drained.load(); }));
  ::close(upstream.fd);
  ::close(replica->fd);
}

TEST(ShardDrain, AReplyThatTheClientHasNotReadYetIsDeliveredByEpoll) {
  reply_cut_by_nothing(TransportKind::epoll);
}

TEST(ShardDrain, AReplyThatTheClientHasNotReadYetIsDeliveredByIoUring) {
  control::World w;
  shard::ShardMailbox mailbox;
  const auto probe =
      make_core(TransportKind::io_uring, 0, smallest_config(), {w.published, w.qsbr, w.accounts, w.residency}, mailbox);
  if (!probe && probe.error().starts_with("io_uring is refused")) GTEST_SKIP() << probe.error();
  ASSERT_TRUE(probe.has_value()) << probe.error();
  reply_cut_by_nothing(TransportKind::io_uring);
}

}  // namespace
}  // namespace wp::daemon
